using System.Text.Json.Nodes;
using Azure;
using Cube.Simulator;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CubeFunctions.Tests.Changes.Delivery;

/// <summary>Changes on their way to a receiver that takes them, or does not.</summary>
public sealed class DeliveryTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Small = new()
    {
        Campaigns = 2,
        CampaignsPerAssignment = 2,
        CustomersPerAssignment = 400,
        PageSize = 100,
        ResponsesPerCampaignPerDay = 12,
        CallflowCustomersPerCampaign = 30,
        AnonymisedPerThousand = 0,
    };

    private static readonly DateTimeOffset Start = new(2026, 6, 10, 9, 0, 0, TimeSpan.Zero);

    private static RunRequest All => new(RunKind.Scheduled, FeedCatalogue.Default);

    private static RunRequest Customers => RunRequest.Snapshot([FeedCatalogue.Customers]);

    [Theory]
    [OverGenerations]
    public async Task What_changes_after_the_first_snapshot_arrives_signed_as_it_stands_in_the_files(TenantApi api)
    {
        var clock = new ShiftedClock(Start);
        await using var receiver = await TestReceiver.StartAsync();
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), clock, TestContext.Current.CancellationToken);
        await using var app = await StartAsync(receiver, cube, clock, ("Sync__StartDate", "2026-06-09"));
        await app.RunAsync(All);
        await PumpAsync(app);

        // What is read for the first time is no news, whatever the feed.
        Assert.Empty(receiver.Taken);

        EditMany(cube, 250);
        var run = await app.RunAsync(Customers);
        await PumpAsync(app);
        var told = await ChangeLedger.ReadAsync(app, run.RunId);
        Assert.Equal(250, told.Count);
        Assert.Equal(
            told.Select(change => change.ToJsonString()),
            receiver.Taken.Where(change => (string)change["runId"]! == run.RunId).Select(change => change.ToJsonString())
        );

        // A manual run writes its changes into files; they go to the receiver when somebody asked, or with the next run that delivers.
        EditMany(cube, 3, "Bodø");
        await app.RunAsync(new RunRequest(RunKind.Manual, [FeedCatalogue.Customers]));
        var before = receiver.Taken.Count;
        await PumpAsync(app);
        Assert.Equal(before, receiver.Taken.Count);
        EditMany(cube, 3, "Narvik");
        await app.RunAsync(new RunRequest(RunKind.Manual, [FeedCatalogue.Customers]) { Deliver = true });
        await PumpAsync(app);
        Assert.Equal(before + 6, receiver.Taken.Count);
        Assert.Equal(
            ["Bodø", "Bodø", "Bodø", "Narvik", "Narvik", "Narvik"],
            receiver.Taken.Skip(before).Select(change => (string)change["record"]!["city"]!)
        );
        Assert.Empty(receiver.Faults);
        Assert.Equal(receiver.Taken.Count, receiver.Distinct().Count);
        Assert.DoesNotContain(
            app.Logs.Lines,
            line => line.Text.Contains("hush", StringComparison.Ordinal) || line.Text.Contains(receiver.Url, StringComparison.Ordinal)
        );
    }

    [Theory]
    [OverGenerations]
    public async Task The_first_snapshot_is_delivered_when_that_is_asked_for(TenantApi api)
    {
        var clock = new ShiftedClock(Start);
        await using var receiver = await TestReceiver.StartAsync();
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), clock, TestContext.Current.CancellationToken);
        await using var app = await StartAsync(receiver, cube, clock, ("Changes__Crm__Baseline", "true"));
        await app.RunAsync(Customers);
        await PumpAsync(app);
        Assert.Equal(400, receiver.Taken.Count(change => (string)change["op"]! == "created"));
        Assert.Equal(4, receiver.Requests);
    }

    [Theory]
    [OverGenerations]
    public async Task A_receiver_that_fails_hangs_or_pauses_gets_everything_in_order_for_each_customer(TenantApi api)
    {
        TestContext.Current.TestOutputHelper!.WriteLine($"CUBE_SEED={TestScale.Seed}");
        var dice = new Random(TestScale.Seed);
        var clock = new ShiftedClock(Start);
        await using var receiver = await TestReceiver.StartAsync();
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), clock, TestContext.Current.CancellationToken);

        // The lease is short, so that the receiver's silence is.
        await using var app = await StartAsync(receiver, cube, clock, ("Sync__LeaseSeconds", "2"));
        await app.RunAsync(All);
        await DeliveryPump.DeliverAsync(app, clock, TimeSpan.FromHours(1));
        var (baseline, hangs) = (receiver.Distinct().Count, 0);
        receiver.Decide = _ =>
            dice.Next(8) switch
            {
                0 => new TestReceiver.Answer(500),
                1 => new TestReceiver.Answer(503, IsTaken: true, RetryAfter: 3),
                2 => new TestReceiver.Answer(429, RetryAfter: 2),
                3 when hangs++ < 2 => new TestReceiver.Answer(0, IsTaken: dice.Next(2) == 0),
                4 => new TestReceiver.Answer(404),
                _ => new TestReceiver.Answer(202),
            };
        for (var day = 0; day < TestScale.Of(6, 30); day++)
        {
            EditMany(cube, 120, $"By {day}", dice);
            await app.RunAsync(Customers);
            clock.Advance(TimeSpan.FromHours(1));
            if (day % 3 == 0)
            {
                await DeliveryPump.DeliverAsync(app, clock, TimeSpan.FromMinutes(2));
            }
        }

        receiver.Decide = _ => new TestReceiver.Answer(200);
        await DeliveryPump.DeliverAsync(app, clock, TimeSpan.FromHours(6));
        Assert.Empty(await DeliveryPump.RowsAsync(app, DeliveryState.Waiting));
        Assert.Empty(await DeliveryPump.RowsAsync(app, DeliveryState.Dead));
        var told = (await ChangeLedger.ReadAsync(app))
            .Where(change => (string)change["feed"]! == "customers" && (string)change["op"]! != "created")
            .ToList();
        AssertInOrder(told, [.. receiver.Distinct().Skip(baseline)]);
        Assert.Empty(receiver.Faults);
    }

    [Theory]
    [OverGenerations]
    public async Task A_receiver_that_answers_410_is_left_alone_until_somebody_replays(TenantApi api)
    {
        var clock = new ShiftedClock(Start);
        await using var receiver = await TestReceiver.StartAsync();
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), clock, TestContext.Current.CancellationToken);
        await using var app = await StartAsync(receiver, cube, clock);
        await app.RunAsync(Customers);
        receiver.Decide = _ => new TestReceiver.Answer(410);
        EditMany(cube, 5);
        await app.RunAsync(Customers);
        await DeliveryPump.DeliverAsync(app, clock, TimeSpan.FromHours(1));
        Assert.Equal(1, receiver.Requests);
        Assert.Contains(app.Logs.Lines, line => line.Level == LogLevel.Error && line.Text.Contains("410", StringComparison.Ordinal));
        var waiting = Assert.Single(await DeliveryPump.RowsAsync(app, DeliveryState.Waiting));
        Assert.Contains("410", waiting.Reason, StringComparison.Ordinal);

        // However long it waits the lifecycle rules do not take its file, nor keep others.
        var keeper = app.Get<IEnumerable<IJanitorTask>>().Single(task => task is ChangeFileKeeper);
        var files = await FilesAsync();
        await keeper.RunAsync(new JanitorRound("test", force: false, NullLogger.Instance), TestContext.Current.CancellationToken);
        Assert.Equal(files, await FilesAsync());
        clock.Advance(TimeSpan.FromDays(800));
        await keeper.RunAsync(new JanitorRound("test", force: false, NullLogger.Instance), TestContext.Current.CancellationToken);
        Assert.Equal([waiting.Path], (await FilesAsync()).Except(files).Select(file => file.Name));
        Assert.True(files.Count > 1);

        receiver.Decide = _ => new TestReceiver.Answer(200);
        await app.Get<DeliveryReader>().ReplayAsync([], TestContext.Current.CancellationToken);
        await PumpAsync(app);
        Assert.Equal(5, receiver.Taken.Count);

        async Task<List<(string Name, ETag? ETag)>> FilesAsync() =>
            await app
                .Storage.ChangeFiles.GetBlobsAsync(cancellationToken: TestContext.Current.CancellationToken)
                .Select(blob => (blob.Name, blob.Properties.ETag))
                .ToListAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [OverGenerations]
    public async Task After_three_days_without_a_receiver_what_was_in_front_is_dead_and_one_replay_delivers_all_in_order(TenantApi api)
    {
        var clock = new ShiftedClock(Start);
        await using var receiver = await TestReceiver.StartAsync();
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), clock, TestContext.Current.CancellationToken);
        await using var app = await StartAsync(receiver, cube, clock);
        await app.RunAsync(Customers);
        receiver.Decide = _ => new TestReceiver.Answer(502);
        for (var day = 0; day < 3; day++)
        {
            EditMany(cube, 4, $"By {day}");
            await app.RunAsync(Customers);
            await DeliverSeldomAsync(app, clock, TimeSpan.FromDays(1));
        }

        var dead = Assert.Single(await DeliveryPump.RowsAsync(app, DeliveryState.Dead));
        Assert.Contains("502, for 48 hours", dead.Reason, StringComparison.Ordinal);
        Assert.Equal(2, (await DeliveryPump.RowsAsync(app, DeliveryState.Waiting)).Count);
        Assert.Contains(
            app.Logs.Lines,
            line => line.Level == LogLevel.Error && line.Text.Contains("not delivered", StringComparison.Ordinal)
        );

        // What waits behind it stays behind it.
        receiver.Decide = _ => new TestReceiver.Answer(200);
        await DeliveryPump.DeliverAsync(app, clock, TimeSpan.FromHours(3));
        Assert.Empty(receiver.Taken);
        Assert.Equal(1, (await app.Get<DeliveryReader>().ReplayAsync([dead.Id], TestContext.Current.CancellationToken)).Count);
        await PumpAsync(app);
        AssertInOrder(await ChangeLedger.NewsAsync(app), [.. receiver.Taken]);
    }

    [Theory]
    [OverGenerations]
    public async Task A_refused_change_is_dead_and_holds_back_only_its_customer(TenantApi api)
    {
        var clock = new ShiftedClock(Start);
        await using var receiver = await TestReceiver.StartAsync();
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), clock, TestContext.Current.CancellationToken);
        await using var app = await StartAsync(receiver, cube, clock);
        await app.RunAsync(Customers);
        receiver.Decide = changes => new TestReceiver.Answer(
            changes.Any(change => (string)change["key"]! is "10000013" or "10000077") ? 422 : 200
        );
        EditMany(cube, 100);
        await app.RunAsync(Customers);
        await PumpAsync(app);
        Assert.Equal(98, receiver.Taken.Count);
        Assert.Equal(
            ["the receiver answered 422", "the receiver answered 422"],
            (await DeliveryPump.RowsAsync(app, DeliveryState.Dead)).Select(row => row.Reason!)
        );

        EditMany(cube, 100, "Bodø");
        await app.RunAsync(Customers);
        await PumpAsync(app);
        Assert.Equal(196, receiver.Taken.Count);
        Assert.Equal(2, (await DeliveryPump.RowsAsync(app, DeliveryState.Waiting)).Count);
        AtLeastOne.All(
            (await DeliveryPump.RowsAsync(app, DeliveryState.Dead)).Select(row => row.RowKey),
            key => Assert.DoesNotContain("100000", key, StringComparison.Ordinal)
        );

        // One is given up, the other sent again: what waits behind each goes on, in order.
        receiver.Decide = _ => new TestReceiver.Answer(200);
        var dead = await DeliveryPump.RowsAsync(app, DeliveryState.Dead);
        await app.Get<DeliveryReader>().DropAsync([dead[0].Id], TestContext.Current.CancellationToken);
        await app.Get<DeliveryReader>().ReplayAsync([dead[1].Id], TestContext.Current.CancellationToken);
        await PumpAsync(app, () => receiver.Taken.Count >= 199);
        Assert.Equal(199, receiver.Taken.Count);
        Assert.Equal(
            2,
            receiver.Taken.Count(change =>
                (string)change["record"]!["city"]! == "Bodø" && (string)change["key"]! is "10000013" or "10000077"
            )
        );
        Assert.Empty(await DeliveryPump.RowsAsync(app, DeliveryState.Waiting));
    }

    [Theory]
    [OverGenerations]
    public async Task A_receiver_that_refuses_everything_is_taken_for_a_broken_one(TenantApi api)
    {
        var clock = new ShiftedClock(Start);
        await using var receiver = await TestReceiver.StartAsync();
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), clock, TestContext.Current.CancellationToken);
        await using var app = await StartAsync(receiver, cube, clock);
        await app.RunAsync(Customers);
        receiver.Decide = _ => new TestReceiver.Answer(400);
        EditMany(cube, 20);
        await app.RunAsync(Customers);
        await app.Get<DeliveryWorker>()
            .DeliverAsync($"customers|{cube.Data.PlaceOf(cube.Data.AssignmentIds[0])}", TestContext.Current.CancellationToken);
        Assert.Empty(await DeliveryPump.RowsAsync(app, DeliveryState.Dead));
        Assert.Equal(
            "the receiver answered 400 to every change",
            Assert.Single(await DeliveryPump.RowsAsync(app, DeliveryState.Waiting)).Reason
        );
        receiver.Decide = _ => new TestReceiver.Answer(200);
        await DeliveryPump.DeliverAsync(app, clock, TimeSpan.FromMinutes(5));
        Assert.Equal(20, receiver.Taken.Count);
    }

    [Theory]
    [OverGenerations]
    public async Task A_field_map_gives_the_receiver_its_own_names_and_only_what_it_maps(TenantApi api)
    {
        var clock = new ShiftedClock(Start);
        await using var receiver = await TestReceiver.StartAsync();
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), clock, TestContext.Current.CancellationToken);
        await using var app = await StartAsync(
            receiver,
            cube,
            clock,
            (
                "Changes__Crm__FieldMap",
                """{"contactid":"customer_id","address1_city":"city","fullname":{"join":["name","company"]},"source":{"constant":"Cube"}}"""
            )
        );
        await app.RunAsync(Customers);
        cube.Data.EditCustomer(cube.Data.AssignmentIds[0], 10_000_003, "city", "Ålesund");
        cube.Data.EditCustomer(cube.Data.AssignmentIds[0], 10_000_004, "phone_1", "90000000");
        await app.RunAsync(Customers);
        await PumpAsync(app);
        var change = Assert.Single(receiver.Taken);
        Assert.Equal(["address1_city"], change["changed"]!.AsArray().Select(name => (string)name!));
        Assert.Equal(["contactid", "address1_city", "fullname", "source"], change["record"]!.AsObject().Select(member => member.Key));
        Assert.Equal("Ålesund", (string)change["record"]!["address1_city"]!);
    }

    [Theory]
    [OverGenerations(0)]
    [OverGenerations(100)]
    [OverGenerations(149)]
    public async Task A_person_who_is_erased_is_delivered_no_more_and_everybody_else_once(TenantApi api, int erased)
    {
        var clock = new ShiftedClock(Start);
        await using var receiver = await TestReceiver.StartAsync();
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), clock, TestContext.Current.CancellationToken);
        await using var app = await StartAsync(receiver, cube, clock);
        await app.RunAsync(Customers);
        EditMany(cube, 150);
        var run = await app.RunAsync(Customers);
        var keys = (await ChangeLedger.ReadAsync(app, run.RunId)).Select(change => (string)change["key"]!).ToList();

        // The first hundred arrive, and the cursor stands at the next.
        receiver.Decide = _ => new TestReceiver.Answer(receiver.Requests == 1 ? 200 : 503);
        var stream = $"customers|{cube.Data.PlaceOf(cube.Data.AssignmentIds[0])}";
        await app.Get<DeliveryWorker>().DeliverAsync(stream, TestContext.Current.CancellationToken);
        var record = cube.Data.Customer(cube.Data.AssignmentIds[0], long.Parse(keys[erased]))!;
        await app.Get<PersonEraser>()
            .EraseAsync(
                cube.Data.PlaceOf(cube.Data.AssignmentIds[0]).Id,
                $"{record["customer_id"]}",
                TestContext.Current.CancellationToken
            );
        receiver.Decide = _ => new TestReceiver.Answer(200);
        await DeliveryPump.DeliverAsync(app, clock, TimeSpan.FromHours(1));
        Assert.Equal(erased < 100 ? keys : keys.Where(key => key != keys[erased]), receiver.Taken.Select(change => (string)change["key"]!));
        Assert.Empty(await DeliveryPump.RowsAsync(app, DeliveryState.Waiting));
        Assert.Empty(await DeliveryPump.RowsAsync(app, DeliveryState.Dead));
    }

    /// <summary>Everything arrived, and for each customer in the order in which it was told.</summary>
    private static void AssertInOrder(List<JsonObject> told, List<JsonObject> taken)
    {
        Assert.Equal(
            told.Select(change => (string)change["id"]!).Order(StringComparer.Ordinal),
            taken.Select(change => (string)change["id"]!).Order(StringComparer.Ordinal)
        );
        ChangeLedger.AssertInOrder(told, taken);
    }

    private async Task<TestApp> StartAsync(
        TestReceiver receiver,
        CubeSimulator cube,
        ShiftedClock clock,
        params (string, string)[] settings
    ) => await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, clock, receiver.Settings(settings));

    private static void EditMany(CubeSimulator cube, int count, string city = "Ålesund", Random? dice = null)
    {
        for (var i = 0; i < count; i++)
        {
            cube.Data.EditCustomer(
                cube.Data.AssignmentIds[0],
                10_000_000 + (dice?.Next(400) ?? i),
                "city",
                $"{city} {(dice is null ? "" : dice.Next(100))}".Trim()
            );
        }
    }

    private static async Task DeliverSeldomAsync(TestApp app, ShiftedClock clock, TimeSpan most)
    {
        for (var passed = TimeSpan.Zero; passed < most; passed += TimeSpan.FromHours(1))
        {
            foreach (var stream in (await DeliveryPump.RowsAsync(app, DeliveryState.Waiting)).Select(row => row.PartitionKey).Distinct())
            {
                await app.Get<DeliveryWorker>().DeliverAsync(stream, TestContext.Current.CancellationToken);
            }

            clock.Advance(TimeSpan.FromHours(1));
        }
    }

    /// <summary>Works on the queue until nothing is due, and something else has come about.</summary>
    private static async Task PumpAsync(TestApp app, Func<bool>? until = null)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var queue = app.Worker(StorageNames.ChangesQueue, app.Get<DeliveryWorker>().HandleAsync);
        app.Get<QueueNotifier<ChangeMessage>>().Sent += queue.Expect;
        var work = queue.RunAsync(stop.Token);
        await WaitFor.TrueAsync(
            async () => (until is null || until()) && !await app.Get<DeliveryReader>().AnyDueAsync(TestContext.Current.CancellationToken),
            TimeSpan.FromMinutes(1)
        );
        await stop.CancelAsync();
        await work;
    }
}
