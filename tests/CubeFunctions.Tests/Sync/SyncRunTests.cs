using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Sync;

public sealed class SyncRunTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Small = new()
    {
        Campaigns = 4,
        CustomersPerAssignment = 700,
        ResponsesPerCampaignPerDay = 30,
        CallflowCustomersPerCampaign = 120,
        AnonymisedPerThousand = 0,
    };

    [Theory]
    [OverGenerations]
    public async Task Every_record_of_every_feed_is_in_the_stored_pages(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Small with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        var run = await app.RunAsync(All);
        Assert.Equal(RunStatus.Succeeded, run.Status);
        AtLeastOne.All(run.Windows, window => Assert.NotEqual(Proof.None, window.Proof));
        await AssertHasAllAsync(app, cube, run, cube.Data.Today.AddDays(-30), cube.Data.Today);
        await RawLedger.CheckAllAsync(app.Storage.Raw);
    }

    [Theory]
    [OverGenerations]
    public async Task The_second_run_reads_what_the_checkpoints_call_for_and_stores_nothing_that_is_unchanged(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Small with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await app.RunAsync(All);
        cube.Requests.Clear();
        var second = await app.RunAsync(All);
        var today = cube.Data.Today;
        AtLeastOne.All(
            cube.Requests.All.Where(request => request.FromDate is not null),
            request => Assert.True(string.CompareOrdinal(request.FromDate, today.AddDays(-3).Compact()) >= 0, request.ToString())
        );
        await AssertHasAllAsync(app, cube, second, today.AddDays(-3), today);

        var third = await app.RunAsync(All);
        AtLeastOne.All(third.Windows, window => Assert.True(window.Unchanged, window.ToString()));
        Assert.Equal(second.Records, third.Records);
        Assert.Equal(second.Pages, third.Pages);
        await AssertHasAllAsync(app, cube, third, today.AddDays(-3), today);
        await RawLedger.CheckAllAsync(app.Storage.Raw);
    }

    [Theory]
    [OverGenerations]
    public async Task A_window_that_differs_in_one_page_is_stored_whole(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Small with
            {
                Api = api,
                Campaigns = 1,
                CustomersPerAssignment = 2600,
            },
            null,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await app.RunAsync(Customers);
        var assignment = cube.Data.AssignmentIds[0];
        cube.Data.EditCustomer(assignment, cube.Data.CustomerIds(assignment).ElementAt(1700), "phone_3", "Ålesund");
        var second = await app.RunAsync(Customers);
        Assert.False(second.Windows.Single(window => window.Feed == "customers").Unchanged);
        await AssertSameAsync(app, second, "customers", cube.Data.Customers(assignment).Select(customer => customer.ToJsonString()));
        await RawLedger.CheckAllAsync(app.Storage.Raw);
    }

    [Theory]
    [OverGenerations]
    public async Task A_tick_is_skipped_while_a_run_of_its_kind_is_active(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Small with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        var planner = app.Get<RunPlanner>();
        var first = await planner.StartAsync(All, TestContext.Current.CancellationToken);
        var second = await planner.StartAsync(All, TestContext.Current.CancellationToken);
        var snapshot = await planner.StartAsync(RunRequest.Snapshot(FeedCatalogue.Default), TestContext.Current.CancellationToken);
        Assert.True(second.Skipped);
        Assert.Equal(first.RunId, second.RunId);
        Assert.False(snapshot.Skipped);
        await app.FinishAsync(first.RunId);
        Assert.False((await planner.StartAsync(All, TestContext.Current.CancellationToken)).Skipped);
    }

    [Theory]
    [OverGenerations]
    public async Task A_manual_run_reads_the_days_it_was_asked_for_and_moves_no_checkpoint(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Small with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        var (from, to) = (cube.Data.Today.AddDays(-90), cube.Data.Today.AddDays(-40));
        var campaign = cube.Data.CampaignIds()[0];
        var run = await app.RunAsync(Generation.WithCalls(RunKind.Manual) with { From = from, To = to, Campaigns = [$"{campaign}"] });
        Assert.Equal(
            ["20", "31"],
            run.Windows.Where(window => window.Feed == api.Calls().Name)
                .Select(window => $"{window.To!.Value.DayNumber - window.From!.Value.DayNumber + 1}")
                .Order()
        );
        await AssertSameAsync(
            app,
            run,
            api.Calls().Name,
            cube.Data.Responses(campaign, from, to).Select(response => response.ToJsonString())
        );
        AtLeastOne.All(await app.Get<RunReader>().CheckpointsAsync(TestContext.Current.CancellationToken), row => Assert.Null(row.Through));
    }

    /// <summary>
    /// 23:30 in Oslo: on New Year's Eve, and on the evenings before and of both clock changes. Half an hour later it is another day.
    /// </summary>
    [Theory]
    [OverGenerations("2026-12-31T22:30:00Z", "2026-12-31")]
    [OverGenerations("2026-03-28T22:30:00Z", "2026-03-28")]
    [OverGenerations("2026-03-29T21:30:00Z", "2026-03-29")]
    [OverGenerations("2026-10-24T21:30:00Z", "2026-10-24")]
    [OverGenerations("2026-10-25T22:30:00Z", "2026-10-25")]
    public async Task A_new_day_moves_the_checkpoint_in_the_tenants_local_time(TenantApi api, string now, string day)
    {
        var clock = new ShiftedClock(DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture));
        var today = DateOnly.Parse(day, System.Globalization.CultureInfo.InvariantCulture);
        await using var cube = await CubeSimulator.StartAsync(
            Small with
            {
                Api = api,
                Campaigns = 1,
            },
            clock,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, clock);
        await app.RunAsync(All);
        Assert.Equal(today.AddDays(-1).Iso(), await ThroughAsync(app, api.Calls().Name));
        clock.Advance(TimeSpan.FromHours(1));
        await app.RunAsync(All);
        Assert.Equal(day, await ThroughAsync(app, api.Calls().Name));
        Assert.Contains(cube.Requests.All, request => request.FromDate == today.AddDays(1).Compact() && request.ToDate == request.FromDate);
        AtLeastOne.All(
            cube.Requests.All.Where(request => request.FromDate is not null),
            request =>
                Assert.True(
                    string.CompareOrdinal(request.ToDate, today.AddDays(1).Compact()) <= 0
                        && string.CompareOrdinal(request.FromDate, request.ToDate) <= 0,
                    request.ToString()
                )
        );
    }

    [Theory]
    [OverGenerations]
    public async Task While_agents_work_without_pause_yesterday_is_proven_and_today_is_honest(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Small with
            {
                Api = api,
                Campaigns = 2,
                ResponsesPerCampaignPerDay = 1500,
            },
            null,
            TestContext.Current.CancellationToken
        );
        cube.Data.AgentsAtWork = 1;
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            cube,
            null,
            ("Sync__StartDate", cube.Data.Today.AddDays(-2).Iso())
        );
        var run = await app.RunAsync(RunRequest.Scheduled(Generation.EitherCalls));
        var today = cube.Data.Today;
        Assert.Equal(today.AddDays(-1).Iso(), await ThroughAsync(app, api.Calls().Name));
        AtLeastOne.All(run.Windows.Where(window => window.To < today), window => Assert.Equal(Proof.Count, window.Proof));
        AtLeastOne.All(run.Windows.Where(window => window.To == today), window => Assert.Equal(Proof.None, window.Proof));
        Assert.Equal(2, run.Items.Unproven);
        await RawLedger.CheckAllAsync(app.Storage.Raw);
    }

    [Theory]
    [OverGenerations]
    public async Task A_campaign_that_left_the_list_is_read_until_its_last_days_are_proven(TenantApi api)
    {
        var clock = new ShiftedClock(new DateTimeOffset(2026, 6, 10, 8, 0, 0, TimeSpan.Zero));
        await using var cube = await CubeSimulator.StartAsync(
            Small with
            {
                Api = api,
                Campaigns = 2,
            },
            clock,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, clock);
        await app.RunAsync(All);
        var ended = cube.Data.CampaignIds()[0];
        cube.Data.ListCampaign(ended, listed: false);
        for (var day = 0; day < 3; day++)
        {
            clock.Advance(TimeSpan.FromDays(1));
            await app.RunAsync(All);
        }

        var row = (await app.Get<RunReader>().CheckpointsAsync(TestContext.Current.CancellationToken)).Single(row =>
            row.Feed == api.Calls().Name && row.ScopeId == $"{ended}"
        );
        Assert.Equal("ended", row.RetiredReason);
        Assert.True(string.CompareOrdinal(row.Through, "2026-06-10") >= 0);
        cube.Requests.Clear();
        await app.RunAsync(All);
        Assert.Equal(0, cube.Requests.Count($"/campaigns/{ended}/"));

        cube.Data.ListCampaign(ended, listed: true);
        await app.RunAsync(All);
        Assert.NotEqual(0, cube.Requests.Count($"/campaigns/{ended}/"));
    }

    [Theory]
    [OverGenerations]
    public async Task A_campaign_that_answers_404_is_retired_at_once_with_one_notice(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Small with { Api = api }, null, TestContext.Current.CancellationToken);
        var campaign = cube.Data.CampaignIds()[1];
        cube.Faults.Add(new Fault { Kind = FaultKind.NotFound404, PathContains = $"/campaigns/{campaign}/{api.Calls().Name}" });
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(RunStatus.Succeeded, (await app.RunAsync(All)).Status);
        }

        Assert.Single(app.Logs.Lines, line => line.Text.Contains("answers 404", StringComparison.Ordinal));
        Assert.Equal(1, cube.Requests.Count($"/campaigns/{campaign}/{api.Calls().Name}"));
    }

    [Theory]
    [OverGenerations(true, false)]
    [OverGenerations(false, true)]
    public async Task Both_kinds_of_user_and_both_ages_of_tenant_list_their_campaigns(TenantApi api, bool external, bool later)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Small with
            {
                Api = api,
                ExternalUser = external,
                LaterPathsOnly = later,
            },
            null,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null, ("Cube__ExternalUser", $"{external}"));
        Assert.Equal(RunStatus.Succeeded, (await app.RunAsync(All)).Status);
    }

    [Theory]
    [OverGenerations]
    public async Task Snapshots_can_ask_for_two_sweeps(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Small with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null, ("Sync__SnapshotProof", "sweeps"));
        var run = await app.RunAsync(All);
        AtLeastOne.All(
            run.Windows.Where(window => window.Feed is "customers" or "callflow_customers"),
            window => Assert.Equal(Proof.Sweeps, window.Proof)
        );
        AtLeastOne.All(run.Windows.Where(window => window.Feed == api.Calls().Name), window => Assert.Equal(Proof.Count, window.Proof));
        await RawLedger.CheckAllAsync(app.Storage.Raw);
    }

    [Theory]
    [OverGenerations]
    public async Task Anonymised_customers_are_settled_by_a_second_sweep(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Small with
            {
                Api = api,
                AnonymisedPerThousand = 30,
                LaterFields = true,
            },
            null,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        var run = await app.RunAsync(All);
        Assert.Equal(0, run.Items.Unproven);
        Assert.Contains(run.Windows, window => window is { Feed: "customers", Proof: Proof.Sweeps });
    }

    internal static RunRequest All => new(RunKind.Scheduled, FeedCatalogue.Default);

    private static RunRequest Customers => RunRequest.Snapshot([FeedCatalogue.Customers]);

    /// <summary>Every record that the tenant has in the feeds that are read by default, and no other.</summary>
    internal static async Task AssertHasAllAsync(TestApp app, CubeSimulator cube, RunManifest run, DateOnly from, DateOnly to)
    {
        foreach (var feed in Generation.ReadByDefault(cube.Data.Api))
        {
            await AssertSameAsync(app, run, feed.Name, cube.Data.RecordsOf(feed, from, to));
        }
    }

    internal static async Task AssertSameAsync(TestApp app, RunManifest run, string feed, IEnumerable<string> expected)
    {
        var manifest = await RawLedger.RunAsync(app.Storage.Raw, run.RunId);
        var stored = await RawLedger.ReadAsync(app.Storage.Raw, manifest, feed);
        Assert.Equal(expected.Order(StringComparer.Ordinal), stored.Order(StringComparer.Ordinal));
    }

    private static async Task<string?> ThroughAsync(TestApp app, string feed) =>
        (await app.Get<RunReader>().CheckpointsAsync(TestContext.Current.CancellationToken)).First(row => row.Feed == feed).Through;
}
