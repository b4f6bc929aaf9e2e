using Azure;
using Cube.Simulator;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Changes.Delivery;
using CubeFunctions.Tests.Support;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CubeFunctions.Tests.Changes;

/// <summary>Storage that fails once, at each place where comparison and delivery ask it for something.</summary>
public sealed class StorageFaultTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Small = new()
    {
        Campaigns = 1,
        CustomersPerAssignment = 40,
        PageSize = 20,
        AnonymisedPerThousand = 0,
    };

    private static RunRequest Customers => RunRequest.Snapshot([FeedCatalogue.Customers]);

    [Theory]
    [OverGenerations]
    public async Task An_answer_that_is_lost_after_its_write_changes_nothing_wherever_it_is(TenantApi api)
    {
        await using var receiver = await TestReceiver.StartAsync();
        await using var proxy = await StorageProxy.StartAsync(await azurite.NewAccountAsync());
        await using var cube = await CubeSimulator.StartAsync(Small with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(proxy.ConnectionString, cube, null, receiver.Settings());
        await app.RunAsync(Customers);
        var (places, left) = (0, int.MaxValue);
        proxy.Refuse = (_, method, address) =>
        {
            if (IsOurs(address) && !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) && Interlocked.Decrement(ref left) == -1)
            {
                proxy.LoseAnswerOf = proxy.Writes - 1;
            }

            return false;
        };
        for (var isFired = true; isFired; places++)
        {
            var before = receiver.Taken.Count;
            var (edited, gone) = (10_000_000 + (places % 10), 10_000_010 + places);
            cube.Data.EditCustomer(cube.Data.AssignmentIds[0], edited, "phone_3", $"By {places}");
            if (places < 25)
            {
                cube.Data.DeleteCustomer(cube.Data.AssignmentIds[0], gone);
            }

            left = places;
            var run = await app.RunAsync(Customers);
            TestContext.Current.TestOutputHelper!.WriteLine($"{places}: {proxy.LostAnswerOf}");
            await PumpAsync(app);
            isFired = left < 0;
            (left, proxy.LoseAnswerOf) = (int.MaxValue, -1);
            Assert.Equal(RunStatus.Succeeded, run.Status);
            var news = await ChangeLedger.NewsAsync(app, run.RunId);
            Assert.Equal(
                places < 25 ? ["deleted", "updated"] : ["updated"],
                news.Select(line => (string)line["op"]!).Order(StringComparer.Ordinal)
            );
            Assert.Equal(
                news.Select(line => (string)line["id"]!).Order(StringComparer.Ordinal),
                receiver.Taken.Skip(before).Select(line => (string)line["id"]!).Order(StringComparer.Ordinal)
            );
        }

        // File, state, delivery, message, lease, cursor, release and the message's removal at least.
        Assert.InRange(places, 8, 40);
        TestContext.Current.TestOutputHelper!.WriteLine($"{places - 1} places");
        Assert.Empty(await DeliveryPump.RowsAsync(app, DeliveryState.Waiting));
        Assert.Empty(await DeliveryPump.RowsAsync(app, DeliveryState.Dead));
    }

    [Theory]
    [OverGenerations]
    public async Task A_failure_that_nobody_foresaw_costs_a_delivery_a_try_wherever_it_is(TenantApi api)
    {
        var clock = new ShiftedClock(new DateTimeOffset(2026, 6, 10, 9, 0, 0, TimeSpan.Zero));
        await using var receiver = await TestReceiver.StartAsync();
        await using var proxy = await StorageProxy.StartAsync(await azurite.NewAccountAsync());
        await using var cube = await CubeSimulator.StartAsync(Small with { Api = api }, clock, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(proxy.ConnectionString, cube, clock, receiver.Settings());
        await app.RunAsync(Customers);
        var left = int.MaxValue;
        proxy.Refuse = (_, _, address) => IsOurs(address) && Interlocked.Decrement(ref left) == -1;
        var stream = $"customers|{cube.Data.PlaceOf(cube.Data.AssignmentIds[0])}";
        var (places, named) = (0, 0);
        for (var isFired = true; isFired; places++)
        {
            for (var i = 0; i < 3; i++)
            {
                cube.Data.EditCustomer(cube.Data.AssignmentIds[0], 10_000_000 + i, "phone_3", $"By {places}");
            }

            await app.RunAsync(Customers);
            left = places;
            try
            {
                await app.Get<DeliveryWorker>().DeliverAsync(stream, TestContext.Current.CancellationToken);
            }
            catch (RequestFailedException)
            {
                // The stream's own row could not be had: the host delivers the message again.
            }

            isFired = left < 0;
            left = int.MaxValue;
            named += (await DeliveryPump.RowsAsync(app, DeliveryState.Waiting)).Count(row =>
                row.Reason == "Unexpected: RequestFailedException"
            );
            await DeliveryPump.DeliverAsync(app, clock, TimeSpan.FromMinutes(10));
            Assert.Empty(await DeliveryPump.RowsAsync(app, DeliveryState.Waiting));
            Assert.Empty(await DeliveryPump.RowsAsync(app, DeliveryState.Dead));
            Assert.Equal(3 * (places + 1), receiver.Distinct().Count);
        }

        Assert.InRange(places, 5, 40);
        Assert.InRange(named, 1, places);
        TestContext.Current.TestOutputHelper!.WriteLine($"{places - 1} places, {named} of them named in the row");
    }

    [Theory]
    [OverGenerations]
    public async Task What_is_thrown_inside_a_request_to_the_receiver_costs_a_delivery_a_try_by_name(TenantApi api)
    {
        var clock = new ShiftedClock(new DateTimeOffset(2026, 6, 10, 9, 0, 0, TimeSpan.Zero));
        var thrower = new Thrower();
        await using var receiver = await TestReceiver.StartAsync();
        await using var cube = await CubeSimulator.StartAsync(
            Small with
            {
                Api = api,
                CampaignsPerAssignment = 1,
                Campaigns = 2,
            },
            clock,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            cube.BaseUrl,
            clock,
            builder => thrower.StandInHandlerOf(builder, typeof(CrmReceiver)),
            receiver.Settings()
        );
        await app.RunAsync(Customers);
        cube.Data.AssignmentIds.ToList()
            .ForEach(assignment => cube.Data.EditCustomer(assignment, cube.Data.CustomerIds(assignment).First(), "phone_3", "Bodø"));
        await app.RunAsync(Customers);
        thrower.ThrowAt(0);
        await app.Get<DeliveryWorker>()
            .DeliverAsync($"customers|{cube.Data.PlaceOf(cube.Data.AssignmentIds[0])}", TestContext.Current.CancellationToken);
        Assert.Equal(
            "Unexpected: UnforeseenException",
            Assert.Single(await DeliveryPump.RowsAsync(app, DeliveryState.Waiting), row => row.Reason is not null).Reason
        );
        await app.Get<DeliveryWorker>()
            .DeliverAsync($"customers|{cube.Data.PlaceOf(cube.Data.AssignmentIds[1])}", TestContext.Current.CancellationToken);
        Assert.Single(receiver.Distinct());
        await DeliveryPump.DeliverAsync(app, clock, TimeSpan.FromMinutes(10));
        Assert.Empty(await DeliveryPump.RowsAsync(app, DeliveryState.Waiting));
        Assert.Equal(2, receiver.Distinct().Count);
    }

    private static bool IsOurs(string address) =>
        address.Contains("/cube-changes", StringComparison.Ordinal)
        || address.Contains("/cube-state/", StringComparison.Ordinal)
        || address.Contains("/CubeChanges", StringComparison.Ordinal)
        || address.EndsWith("/$batch", StringComparison.Ordinal);

    private static async Task PumpAsync(TestApp app)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var queue = app.Worker(StorageNames.ChangesQueue, app.Get<DeliveryWorker>().HandleAsync);
        app.Get<QueueNotifier<ChangeMessage>>().Sent += queue.Expect;
        var work = queue.RunAsync(stop.Token);
        await WaitFor.TrueAsync(
            async () => !await app.Get<DeliveryReader>().AnyDueAsync(TestContext.Current.CancellationToken),
            TimeSpan.FromSeconds(20)
        );
        await stop.CancelAsync();
        await work;
        app.Get<QueueNotifier<ChangeMessage>>().Sent -= queue.Expect;
    }
}
