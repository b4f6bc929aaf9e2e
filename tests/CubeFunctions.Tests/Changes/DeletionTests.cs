using Cube.Simulator;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Sync;
using Microsoft.Extensions.Logging;
using Xunit;

namespace CubeFunctions.Tests.Changes;

public sealed class DeletionTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Small = new()
    {
        Campaigns = 1,
        CustomersPerAssignment = 400,
        PageSize = 100,
        CallflowCustomersPerCampaign = 40,
        AnonymisedPerThousand = 0,
    };

    private static Task<IReadOnlyList<DeliveryRow>> DeadAsync(TestApp app) =>
        app.Get<DeliveryReader>().InStateAsync(DeliveryState.Dead, TestContext.Current.CancellationToken);

    private static RunRequest Customers => RunRequest.Snapshot([FeedCatalogue.Customers]);

    [Theory]
    [OverGenerations]
    public async Task A_proven_snapshot_that_lost_half_of_its_customers_deletes_nobody_and_raises_an_alert(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Small with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null);
        await app.RunAsync(Customers);
        var assignment = cube.Data.AssignmentIds[0];
        cube.Data.LosePermission(assignment);
        for (var i = 0; i < 2; i++)
        {
            var lost = await app.RunAsync(Customers);
            Assert.NotEqual(Proof.None, lost.Windows.Single(window => window.Feed == "customers").Proof);
            Assert.Empty(await ChangeLedger.ReadAsync(app, lost.RunId));
        }

        // Again with each run, also where the snapshot has not changed since: the alert stays until it is settled.
        Assert.Equal(
            2,
            app.Logs.Lines.Count(line => line.Level == LogLevel.Error && line.Text.Contains("200 of 400", StringComparison.Ordinal))
        );
        Assert.Contains("200 of 400", Assert.Single(await DeadAsync(app)).Reason, StringComparison.Ordinal);
        cube.Data.RestorePermission(assignment);
        var healthy = await app.RunAsync(Customers);
        Assert.Empty(await ChangeLedger.ReadAsync(app, healthy.RunId));
        Assert.Equal(400, ChangeLedger.Apply(await ChangeLedger.ReadAsync(app)).Count);
        Assert.Empty(await DeadAsync(app));
    }

    [Theory]
    [OverGenerations]
    public async Task Deletions_that_are_held_back_and_true_are_told_after_a_replay(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Small with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null);
        await app.RunAsync(Customers);
        var gone = Enumerable.Range(0, 150).Select(index => 10_000_000L + index).ToList();
        var keys = gone.ConvertAll(id => cube.Data.KeyOf(cube.Data.AssignmentIds[0], id));
        gone.ForEach(id => cube.Data.DeleteCustomer(cube.Data.AssignmentIds[0], id));
        Assert.Empty(await ChangeLedger.ReadAsync(app, (await app.RunAsync(Customers)).RunId));
        await app.Get<DeliveryReader>().ReplayAsync([Assert.Single(await DeadAsync(app)).Id], TestContext.Current.CancellationToken);

        // One whom Cube still has, and only does not show, is not deleted for that.
        var hidden = cube.Data.IdInUrlOf(cube.Data.AssignmentIds[0], 10_000_200);
        cube.Data.LosePermission(cube.Data.AssignmentIds[0], index => index == 200);
        cube.Faults.Add(new Fault { Kind = FaultKind.Forbidden403, PathContains = $"/customers/{hidden}" });
        var told = await ChangeLedger.ReadAsync(app, (await app.RunAsync(Customers)).RunId);
        Assert.Equal(keys.Order(StringComparer.Ordinal), told.Select(change => (string)change["key"]!).Order(StringComparer.Ordinal));
        AtLeastOne.All(told, change => Assert.Equal("deleted", (string)change["op"]!));
        await app.RunAsync(Customers);

        // A release is good for those it was given for: the next who vanish are held back again.
        Enumerable.Range(250, 101).ToList().ForEach(index => cube.Data.DeleteCustomer(cube.Data.AssignmentIds[0], 10_000_000 + index));
        Assert.Empty(await ChangeLedger.ReadAsync(app, (await app.RunAsync(Customers)).RunId));
        Assert.Single(await DeadAsync(app));
    }

    [Theory]
    [OverGenerations]
    public async Task Responses_that_vanish_by_the_hundred_are_held_back_too(TenantApi api)
    {
        var clock = new ShiftedClock(new DateTimeOffset(2026, 6, 10, 9, 0, 0, TimeSpan.Zero));
        await using var cube = await CubeSimulator.StartAsync(
            Small with
            {
                Api = api,
                ResponsesPerCampaignPerDay = 200,
            },
            clock,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            cube,
            clock,
            ("Sync__StartDate", cube.Data.Today.AddDays(-1).ToString("yyyy-MM-dd"))
        );
        var responses = RunRequest.Scheduled(Generation.EitherCalls);
        await app.RunAsync(responses);
        var (campaign, yesterday) = (cube.Data.CampaignIds()[0], cube.Data.Today.AddDays(-1));
        var gone = cube.Data.Responses(campaign, yesterday, yesterday).Count() - 20;
        for (var i = 0; i < gone; i++)
        {
            cube.Data.RemoveResponse(campaign, yesterday, 0);
        }

        Assert.DoesNotContain(
            await ChangeLedger.ReadAsync(app, (await app.RunAsync(responses)).RunId),
            change => (string)change["op"]! == "removed"
        );
        await app.Get<DeliveryReader>().ReplayAsync([Assert.Single(await DeadAsync(app)).Id], TestContext.Current.CancellationToken);
        clock.Advance(TimeSpan.FromHours(5));
        var told = await ChangeLedger.ReadAsync(app, (await app.RunAsync(responses)).RunId);
        Assert.Equal(gone, told.Count(change => (string)change["op"]! == "removed"));
        Assert.Empty(await DeadAsync(app));
        Assert.Empty(await ChangeLedger.ReadAsync(app, (await app.RunAsync(responses)).RunId));
    }

    [Theory]
    [OverGenerations]
    public async Task One_customer_who_cannot_be_asked_for_does_not_hold_up_the_others(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Small with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null);
        await app.RunAsync(Customers);
        var assignment = cube.Data.AssignmentIds[0];
        var absent = cube.Data.IdInUrlOf(assignment, 10_000_005);
        cube.Data.DeleteCustomer(assignment, 10_000_005);
        cube.Data.EditCustomer(assignment, 10_000_006, "phone_3", "Bodø");
        cube.Faults.Add(new Fault { Kind = FaultKind.InternalError500, PathContains = $"/customers/{absent}" });
        var run = await app.RunAsync(Customers);
        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal("updated", (string)Assert.Single(await ChangeLedger.ReadAsync(app, run.RunId))["op"]!);
    }

    [Theory]
    [InlineData(TenantApi.Assignments, CustomerIdInUrl.Internal, false)]
    [InlineData(TenantApi.Assignments, CustomerIdInUrl.Imported, true)]
    [InlineData(TenantApi.DataOwners, CustomerIdInUrl.Imported, true)]
    public async Task A_customer_who_is_absent_is_asked_for_by_the_id_that_the_tenant_takes(TenantApi api, CustomerIdInUrl id, bool later)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Small with
            {
                Api = api,
                CustomerIdInUrl = id,
                LaterFields = later,
            },
            null,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null, ("Cube__CustomerIdInUrl", $"{id}"));
        await app.RunAsync(Customers);
        var assignment = cube.Data.AssignmentIds[0];
        cube.Data.DeleteCustomer(assignment, 10_000_005);
        var run = await app.RunAsync(Customers);
        var line = Assert.Single(await ChangeLedger.ReadAsync(app, run.RunId));
        Assert.Equal("deleted", (string)line["op"]!);
        Assert.Null(line["record"]);
        Assert.Empty(await ChangeLedger.ReadAsync(app, (await app.RunAsync(Customers)).RunId));
    }

    [Theory]
    [OverGenerations]
    public async Task A_customer_whom_Cube_still_has_is_not_deleted_and_looked_at_again(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Small with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null);
        await app.RunAsync(Customers);
        var assignment = cube.Data.AssignmentIds[0];
        var absent = cube.Data.IdInUrlOf(assignment, 10_000_005);
        cube.Data.DeleteCustomer(assignment, 10_000_005);
        cube.Faults.Add(new Fault { Kind = FaultKind.Forbidden403, PathContains = $"/customers/{absent}" });
        Assert.Empty(await ChangeLedger.ReadAsync(app, (await app.RunAsync(Customers)).RunId));
        cube.Faults.Clear();
        Assert.Equal("deleted", (string)Assert.Single(await ChangeLedger.ReadAsync(app, (await app.RunAsync(Customers)).RunId))["op"]!);
    }

    [Theory]
    [OverGenerations]
    public async Task A_callflow_customer_is_gone_when_a_second_snapshot_lacks_it(TenantApi api)
    {
        var clock = new ShiftedClock(new DateTimeOffset(2026, 6, 10, 9, 0, 0, TimeSpan.Zero));
        await using var cube = await CubeSimulator.StartAsync(Small with { Api = api }, clock, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, clock);
        var callflow = RunRequest.Snapshot([FeedCatalogue.Find("callflow_customers")!]);
        await app.RunAsync(callflow);
        cube.Data.DeleteCustomer(cube.Data.AssignmentIds[0], cube.Data.CustomerIds(cube.Data.AssignmentIds[0]).ElementAt(7));
        Assert.Empty(await ChangeLedger.ReadAsync(app, (await app.RunAsync(callflow)).RunId));

        // A second look within the hour says nothing new: a fault may last as long.
        clock.Advance(TimeSpan.FromMinutes(50));
        Assert.Empty(await ChangeLedger.ReadAsync(app, (await app.RunAsync(callflow)).RunId));
        clock.Advance(TimeSpan.FromHours(5));
        Assert.Equal("deleted", (string)Assert.Single(await ChangeLedger.ReadAsync(app, (await app.RunAsync(callflow)).RunId))["op"]!);
        Assert.Empty(await ChangeLedger.ReadAsync(app, (await app.RunAsync(callflow)).RunId));
    }

    [Theory]
    [OverGenerations]
    public async Task A_small_scope_that_vanishes_whole_waits_for_a_person_or_a_day(TenantApi api)
    {
        var clock = new ShiftedClock(new DateTimeOffset(2026, 6, 10, 9, 0, 0, TimeSpan.Zero));
        await using var cube = await CubeSimulator.StartAsync(
            Small with
            {
                Api = api,
                CustomersPerAssignment = 4,
                CallflowCustomersPerCampaign = 3,
            },
            clock,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, clock);
        await app.RunAsync(Customers);
        var assignment = cube.Data.AssignmentIds[0];
        foreach (var id in cube.Data.CustomerIds(assignment).ToList())
        {
            cube.Data.DeleteCustomer(assignment, id);
        }

        Assert.Empty(await ChangeLedger.ReadAsync(app, (await app.RunAsync(Customers)).RunId));
        Assert.Contains(
            $"customers of {cube.Data.PlaceOf(assignment).KindName} {cube.Data.PlaceOf(assignment).Id}",
            Assert.Single(await DeadAsync(app)).Reason,
            StringComparison.Ordinal
        );
        clock.Advance(TimeSpan.FromHours(20));
        Assert.Empty(await ChangeLedger.ReadAsync(app, (await app.RunAsync(Customers)).RunId));
        clock.Advance(TimeSpan.FromHours(5));
        Assert.Equal(
            4,
            (await ChangeLedger.ReadAsync(app, (await app.RunAsync(Customers)).RunId)).Count(change => (string)change["op"]! == "deleted")
        );
        Assert.Empty(await DeadAsync(app));
    }

    [Theory]
    [OverGenerations]
    public async Task Of_a_scope_more_than_one_in_twenty_are_held_back_even_where_that_is_few(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Small with
            {
                Api = api,
                CustomersPerAssignment = 100,
            },
            null,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null);
        await app.RunAsync(Customers);
        foreach (var id in cube.Data.CustomerIds(cube.Data.AssignmentIds[0]).Take(6).ToList())
        {
            cube.Data.DeleteCustomer(cube.Data.AssignmentIds[0], id);
        }

        Assert.Empty(await ChangeLedger.ReadAsync(app, (await app.RunAsync(Customers)).RunId));
        Assert.Contains("6 of 100", Assert.Single(await DeadAsync(app)).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [OverGenerations]
    public async Task A_response_is_removed_when_a_look_hours_later_lacks_it_too_also_where_its_day_is_past_the_look_back(TenantApi api)
    {
        var clock = new ShiftedClock(new DateTimeOffset(2026, 6, 10, 21, 0, 0, TimeSpan.Zero));
        await using var cube = await CubeSimulator.StartAsync(
            Small with
            {
                Api = api,
                ResponsesPerCampaignPerDay = 40,
            },
            clock,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            cube,
            clock,
            ("Sync__StartDate", cube.Data.Today.AddDays(-3).ToString("yyyy-MM-dd")),
            ("Sync__LookbackDays", "1"),
            ("Sync__DeepLookbackDays", "20")
        );
        var responses = RunRequest.Scheduled(Generation.EitherCalls);
        await app.RunAsync(responses);
        var (campaign, last) = (cube.Data.CampaignIds()[0], cube.Data.Today.AddDays(-2));
        cube.Data.RemoveResponse(campaign, last, 3);
        Assert.Empty(await ChangeLedger.ReadAsync(app, (await app.RunAsync(responses)).RunId));

        // A second look soon after says nothing new. It is past midnight: the checkpoint moves, and the day with it out of the look-back.
        clock.Advance(TimeSpan.FromMinutes(90));
        Assert.DoesNotContain(
            await ChangeLedger.ReadAsync(app, (await app.RunAsync(responses)).RunId),
            change => (string)change["op"]! == "removed"
        );

        // Hours later the day is read still, for that alone.
        clock.Advance(TimeSpan.FromHours(4));
        var told = (await ChangeLedger.ReadAsync(app, (await app.RunAsync(responses)).RunId)).FindAll(change =>
            (string)change["op"]! != "recorded"
        );
        Assert.Equal("removed", (string)Assert.Single(told)["op"]!);
        var row = Assert.Single(
            await app.Get<RunReader>().CheckpointsAsync(TestContext.Current.CancellationToken),
            row => row.Feed == api.Calls().Name
        );
        Assert.Null(row.AbsentFrom);
        Assert.DoesNotContain(
            await ChangeLedger.ReadAsync(app, (await app.RunAsync(responses)).RunId),
            change => (string)change["op"]! == "removed"
        );
        var store = ChangeLedger.Apply(await ChangeLedger.ReadAsync(app));
        Assert.Equal(cube.Data.Responses(campaign, last.AddDays(-1), cube.Data.Today).Count(), store.Count);
    }

    [Theory]
    [OverGenerations]
    public async Task A_record_that_came_back_is_not_gone_by_one_later_look(TenantApi api)
    {
        var clock = new ShiftedClock(new DateTimeOffset(2026, 11, 21, 9, 0, 0, TimeSpan.Zero));
        var rows = Enumerable.Range(0, 30).ToHashSet();
        await using var cube = await ScriptedCube.OfDayAsync(api, new DateOnly(2026, 11, 20), rows);
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            cube.BaseUrl,
            clock,
            ("Sync__StartDate", "2026-11-19")
        );
        Assert.Equal(0, await RemovedAsync(TimeSpan.Zero));
        rows.Remove(7);
        Assert.Equal(0, await RemovedAsync(TimeSpan.Zero));
        rows.Add(7);
        Assert.Equal(0, await RemovedAsync(TimeSpan.FromHours(5)));
        rows.Remove(7);
        Assert.Equal(0, await RemovedAsync(TimeSpan.FromMinutes(5)));
        Assert.Equal(1, await RemovedAsync(TimeSpan.FromHours(5)));
        async Task<int> RemovedAsync(TimeSpan later)
        {
            clock.Advance(later);
            var run = await app.RunAsync(RunRequest.Scheduled(Generation.EitherCalls));
            return (await ChangeLedger.ReadAsync(app, run.RunId)).Count(change => (string)change["op"]! == "removed");
        }
    }

    [Theory]
    [OverGenerations]
    public async Task Many_scopes_that_shrink_in_one_run_are_held_back_though_each_loses_few(TenantApi api)
    {
        var few = new SimulatorOptions
        {
            Campaigns = 40,
            CampaignsPerAssignment = 40,
            CustomersPerAssignment = 60,
            ResponsesPerCampaignPerDay = 30,
            EndedCampaigns = 0,
        };
        var clock = new ShiftedClock(new DateTimeOffset(2026, 6, 10, 9, 0, 0, TimeSpan.Zero));
        await using var cube = await CubeSimulator.StartAsync(few with { Api = api }, clock, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            cube,
            clock,
            ("Sync__StartDate", cube.Data.Today.AddDays(-1).ToString("yyyy-MM-dd"))
        );
        var responses = RunRequest.Scheduled(Generation.EitherCalls);
        await app.RunAsync(responses);
        var yesterday = cube.Data.Today.AddDays(-1);
        foreach (var campaign in cube.Data.CampaignIds())
        {
            for (var i = 0; i < 5; i++)
            {
                cube.Data.RemoveResponse(campaign, yesterday, 0);
            }
        }

        Assert.DoesNotContain(
            await ChangeLedger.ReadAsync(app, (await app.RunAsync(responses)).RunId),
            change => (string)change["op"]! == "removed"
        );
        var held = (await DeadAsync(app)).Count;
        Assert.InRange(held, 19, 39);
        clock.Advance(TimeSpan.FromHours(5));
        var removed = (await ChangeLedger.ReadAsync(app, (await app.RunAsync(responses)).RunId)).Count(change =>
            (string)change["op"]! == "removed"
        );
        Assert.InRange(removed, 1, 105);
        Assert.InRange((await DeadAsync(app)).Count, held - 21, 39);
        AtLeastOne.All(await DeadAsync(app), row => Assert.Contains("together", row.Reason, StringComparison.Ordinal));
    }
}
