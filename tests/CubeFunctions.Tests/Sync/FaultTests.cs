using Cube.Simulator;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Sync;

/// <summary>What Cube and the network do to a run, and what the run makes of it.</summary>
public sealed class FaultTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Options = new()
    {
        Campaigns = 3,
        CustomersPerAssignment = 1800,
        ResponsesPerCampaignPerDay = 60,
        PageSize = 100,
        AnonymisedPerThousand = 0,
    };

    /// <summary>Faults that leave the data within reach, each at a tenth of the requests.</summary>
    [Theory]
    [OverGenerations("429=0.1")]
    [OverGenerations("429-date=0.1")]
    [OverGenerations("408=0.1")]
    [OverGenerations("500=0.1")]
    [OverGenerations("503=0.1")]
    [OverGenerations("502=0.1")]
    [OverGenerations("reset-before-body=0.1")]
    [OverGenerations("reset-in-body=0.1")]
    [OverGenerations("truncated=0.1")]
    [OverGenerations("truncated-json=0.1")]
    [OverGenerations("broken-json=0.1")]
    [OverGenerations("html-200=0.1,from-page=2")]
    [OverGenerations("html-502=0.1")]
    [OverGenerations("slow-body=0.1,seconds=1")]
    [OverGenerations("hang=1,times=2")]
    [OverGenerations("next-http")]
    [OverGenerations("next-other-host,host=http://127.0.0.2:9/")]
    [OverGenerations("next-malformed")]
    [OverGenerations("next-self")]
    [OverGenerations("next-own-page")]
    [OverGenerations("next-own-page,from-page=3")]
    [OverGenerations("numbers-as-text")]
    [OverGenerations("empty-strings")]
    [OverGenerations("rows-shift")]
    [OverGenerations("count-changes,times=6")]
    public async Task The_same_records_arrive_as_without_faults(TenantApi api, string fault)
    {
        // Ten times as fast, so that pauses and backoff pass quickly; the simulator's own delays are real.
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), fault.StartsWith("429-date", StringComparison.Ordinal) ? 1 : 10);
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        cube.Faults.Add(fault);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube, clock);
        var run = await app.RunAsync(SyncRunTests.All);
        Assert.True(run.Status == RunStatus.Succeeded, string.Join('\n', run.Failures));
        Assert.Equal(0, run.Items.Unproven);
        Assert.NotEqual(0, cube.Faults.Happened(FaultPlan.Parse(fault).Kind));
        await SyncRunTests.AssertHasAllAsync(app, cube, run, cube.Data.Today.AddDays(-30), cube.Data.Today);
        await RawLedger.CheckAllAsync(app.Storage.Raw);
    }

    [Theory]
    [OverGenerations("401", "Unauthorised")]
    [OverGenerations("403", "Forbidden")]
    [OverGenerations("html-200", "NotJson")]
    [OverGenerations("next-repeats", "EndlessPaging")]
    [OverGenerations("next-endless", "EndlessPaging")]
    [OverGenerations("too-large,bytes=3000000", "TooLarge")]
    public async Task What_cannot_be_read_fails_with_its_reason_and_the_others_succeed(TenantApi api, string fault, string kind)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 10);
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        var campaign = cube.Data.CampaignIds()[0];
        cube.Faults.Add($"{fault},path=/campaigns/{campaign}/{api.Calls().Name}");
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube, clock, ("Cube__MaxPageMiB", "1"));
        var run = await app.RunAsync(SyncRunTests.All);
        Assert.Equal(RunStatus.PartiallySucceeded, run.Status);
        var failure = Assert.Single(run.Failures);
        Assert.Equal((api.Calls().Name, $"{campaign}"), (failure.Feed, failure.ScopeId));
        Assert.Equal(run.Items.Total - 1, run.Items.Succeeded);
        var item = Assert.Single(await app.Get<RunReader>().FailedAsync(run.RunId, TestContext.Current.CancellationToken));
        Assert.Equal(kind, item.ReasonKind);
    }

    [Theory]
    [OverGenerations]
    public async Task Quirk_1_both_dates_are_always_sent(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await app.RunAsync(SyncRunTests.All);
        AtLeastOne.All(
            cube.Requests.All.Where(request =>
                request.Path.Contains($"/{api.Calls().Name}", StringComparison.Ordinal)
                || request.Path.Contains("/sms", StringComparison.Ordinal)
            ),
            request => Assert.True(request is { FromDate: not null, ToDate: not null }, request.ToString())
        );
        AtLeastOne.All(
            cube.Requests.All,
            request => Assert.Equal(("application/json", "application/json"), (request.Accept, request.ContentType))
        );
    }

    [Theory]
    [OverGenerations]
    public async Task Quirk_2_a_next_on_another_host_gets_no_credential(TenantApi api)
    {
        await using var elsewhere = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        cube.Faults.Add($"next-other-host,host={elsewhere.BaseUrl}");
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        Assert.Equal(RunStatus.Succeeded, (await app.RunAsync(SyncRunTests.All)).Status);
        Assert.Equal(0, elsewhere.Requests.Total);
    }

    [Theory]
    [OverGenerations]
    public async Task Quirk_4_a_next_that_names_the_page_itself_ends_where_the_count_is_reached(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Options with
            {
                Api = api,
                PageSize = 5000,
                ResponsesPerCampaignPerDay = 5,
            },
            null,
            TestContext.Current.CancellationToken
        );
        cube.Faults.Add("next-self");
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        var run = await app.RunAsync(SyncRunTests.All);
        Assert.Equal(RunStatus.Succeeded, run.Status);
        await SyncRunTests.AssertHasAllAsync(app, cube, run, cube.Data.Today.AddDays(-30), cube.Data.Today);
    }

    [Theory]
    [OverGenerations]
    public async Task Quirk_5_rows_that_never_stop_shifting_are_stored_unproven(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 20);
        await using var cube = await CubeSimulator.StartAsync(
            Options with
            {
                Api = api,
                Campaigns = 1,
            },
            null,
            TestContext.Current.CancellationToken
        );
        cube.Faults.Add("drift-forever,path=/customers");
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube, clock);
        var run = await app.RunAsync(RunRequest.Snapshot([FeedCatalogue.Customers]));
        Assert.Equal(1, run.Items.Unproven);
        Assert.Equal(Proof.None, run.Windows.Single(window => window.Feed == "customers").Proof);
        await RawLedger.CheckAllAsync(app.Storage.Raw);
    }

    [Theory]
    [OverGenerations]
    public async Task Quirk_7_without_a_listing_the_run_fails_with_the_reason(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 20);
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        cube.Faults.Add("html-200");
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube, clock);
        var run = await app.RunAsync(SyncRunTests.All);
        Assert.Equal(RunStatus.Failed, run.Status);
        Assert.Equal("campaigns", Assert.Single(run.Failures).Feed);

        // What was never Cube is tried twice, at each form of the path, not six times.
        Assert.InRange(cube.Requests.All.Count, 1, 6);
    }

    [Theory]
    [OverGenerations]
    public async Task A_retry_after_pauses_all_workers_of_all_processes(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Options with
            {
                Api = api,
                ResponsesPerCampaignPerDay = 400,
            },
            null,
            TestContext.Current.CancellationToken
        );
        var account = await azurite.NewAccountAsync();
        await using var one = await TestApp.StartAsync(account, cube);
        await using var other = await TestApp.StartAsync(account, cube);
        var pause = one.Get<TenantPause>();
        await pause.AskAsync(TimeSpan.FromSeconds(20), "a test", TestContext.Current.CancellationToken);
        Assert.True(pause.Remaining > TimeSpan.FromSeconds(15));
        await WaitFor.TrueAsync(
            async () =>
            {
                await other.Get<TenantPause>().RefreshAsync(TestContext.Current.CancellationToken);
                return other.Get<TenantPause>().Remaining > TimeSpan.Zero;
            },
            TimeSpan.FromSeconds(15)
        );
    }
}
