using Azure.Data.Tables;
using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Sync;

/// <summary>What nobody foresaw costs its own unit, by name; the others are done and the next tick runs.</summary>
public sealed class BarrierTests(AzuriteFixture azurite)
{
    private static readonly RunRequest Request = new(RunKind.Scheduled, [FeedCatalogue.Responses, FeedCatalogue.CustomFields]);

    private static readonly SimulatorOptions Options = new()
    {
        Campaigns = 2,
        CampaignsPerAssignment = 1,
        CustomersPerAssignment = 20,
        ResponsesPerCampaignPerDay = 4,
        PageSize = 100,
        AnonymisedPerThousand = 0,
    };

    /// <summary>Each storage request of a run is refused once, in a way that no code has a rule for: the unit is tried again and the run ends right.</summary>
    [Fact]
    public async Task An_unforeseen_failure_at_any_request_to_storage_is_counted_and_the_unit_tried_again()
    {
        var requests = await RunAsync((_, _, _, _) => false, mayFail: false);
        Assert.InRange(requests, 30, 120);
        var positions = TestScale.Of(Enumerable.Range(0, requests).Where(position => (position + TestScale.Seed) % 4 == 0), Enumerable.Range(0, requests)).ToList();
        await Parallel.ForEachAsync(positions, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken }, async (position, _) =>
            await RunAsync((ordinal, before, _, _) => ordinal - before == position, mayFail: false));
    }

    /// <summary>Everything of one scope is refused for good: its item fails by name.</summary>
    [Theory]
    [InlineData("CubeCheckpoints(PartitionKey='campaign%3D")]
    [InlineData("cube-raw/responses/campaign=")]
    public async Task A_scope_that_always_fails_fails_by_name_and_the_others_succeed(string address)
    {
        await using var cube = await CubeSimulator.StartAsync(Options, null, TestContext.Current.CancellationToken);
        await using var proxy = await StorageProxy.StartAsync(await azurite.NewAccountAsync());
        await using var app = await TestApp.StartAsync(proxy.ConnectionString, cube, new ShiftedClock(TimeProvider.System.GetUtcNow(), 20), ("Sync__LeaseSeconds", "10"));
        var broken = cube.Data.CampaignIds()[0];
        proxy.Refuse = (_, _, path) => path.Contains($"{address}{broken}", StringComparison.OrdinalIgnoreCase);
        var run = await app.RunAsync(Request);
        Assert.Equal(RunStatus.PartiallySucceeded, run.Status);
        var failure = Assert.Single(run.Failures);
        Assert.Equal(("responses", $"{broken}"), (failure.Feed, failure.ScopeId));
        Assert.StartsWith("Unexpected: ", failure.Reason, StringComparison.Ordinal);
        Assert.Equal(run.Items.Total - 1, run.Items.Succeeded);
        proxy.Refuse = null;
        Assert.Equal(RunStatus.Succeeded, (await app.RunAsync(Request)).Status);
    }

    [Fact]
    public async Task A_garbled_item_row_fails_by_name_and_the_run_closes()
    {
        await using var cube = await CubeSimulator.StartAsync(Options, null, TestContext.Current.CancellationToken);
        var account = await azurite.NewAccountAsync();
        await using var app = await TestApp.StartAsync(account, cube, new ShiftedClock(TimeProvider.System.GetUtcNow(), 20));
        await using var other = await TestApp.StartAsync(account, cube, new ShiftedClock(TimeProvider.System.GetUtcNow(), 20));
        var start = await other.Get<RunPlanner>().StartAsync(Request, TestContext.Current.CancellationToken);
        var key = ItemRow.KeyOf(FeedCatalogue.Responses, new Scope(ScopeKind.Campaign, $"{cube.Data.CampaignIds()[0]}"));
        await app.Storage.Runs.UpsertEntityAsync(
            new TableEntity(start.RunId, key) { ["State"] = "Waiting", ["Kind"] = "no such kind", ["Tries"] = "many" }, TableUpdateMode.Replace, TestContext.Current.CancellationToken);
        var run = await app.FinishAsync(start.RunId);
        var failure = Assert.Single(run.Failures);
        Assert.Equal(("responses", $"{cube.Data.CampaignIds()[0]}"), (failure.Feed, failure.ScopeId));
        Assert.StartsWith("Unexpected: ", failure.Reason, StringComparison.Ordinal);
        Assert.Equal(RunStatus.Succeeded, (await app.RunAsync(Request)).Status);
    }

    [Fact]
    public async Task Garbled_rows_of_runs_and_checkpoints_stop_no_tick()
    {
        await using var cube = await CubeSimulator.StartAsync(Options, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, new ShiftedClock(TimeProvider.System.GetUtcNow(), 20));
        await app.RunAsync(Request);
        var broken = cube.Data.CampaignIds()[0];
        await app.Storage.Checkpoints.UpsertEntityAsync(
            new TableEntity($"campaign={broken}", "responses") { ["ScopeKind"] = "campaign", ["Attempt"] = "many" }, TableUpdateMode.Merge, TestContext.Current.CancellationToken);
        await app.Storage.Runs.UpsertEntityAsync(
            new TableEntity("run", "20260101T000000000Z-garble") { ["Status"] = "Running", ["Kind"] = 7, ["Items"] = "many" }, TableUpdateMode.Replace, TestContext.Current.CancellationToken);
        Assert.Empty(await app.Get<Janitor>().RunAsync(force: false, TestContext.Current.CancellationToken));
        var run = await app.RunAsync(Request);
        Assert.Equal($"{broken}", Assert.Single(run.Failures).ScopeId);
        Assert.Equal(run.Items.Total - 1, run.Items.Succeeded);
    }

    private async Task<int> RunAsync(Func<int, int, string, string, bool> refuse, bool mayFail)
    {
        await using var cube = await CubeSimulator.StartAsync(Options, null, TestContext.Current.CancellationToken);
        await using var proxy = await StorageProxy.StartAsync(await azurite.NewAccountAsync());
        await using var app = await TestApp.StartAsync(proxy.ConnectionString, cube, new ShiftedClock(TimeProvider.System.GetUtcNow(), 20), ("Sync__LeaseSeconds", "10"));
        var before = proxy.Requests;

        // The queue itself is the host's: a message that it cannot hand over comes again.
        var refused = "";
        proxy.Refuse = (ordinal, method, path) =>
        {
            var hit = !path.Contains("/cube-sync", StringComparison.Ordinal) && refuse(ordinal, before, method, path);
            refused = hit ? $"{method} {path}" : refused;
            return hit;
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var work = app.WorkAsync(stop.Token);
        string? runId = null;
        try
        {
            runId = (await app.Get<RunPlanner>().StartAsync(Request, TestContext.Current.CancellationToken)).RunId;
        }
        catch (Exception exception) when (exception is Azure.RequestFailedException)
        {
            // A tick that fails: the janitor or the next tick goes on.
        }

        RunManifest? run = null;
        await WaitFor.TrueAsync(
            async () =>
            {
                await app.Get<Janitor>().RunAsync(force: false, TestContext.Current.CancellationToken);
                runId ??= (await app.Get<RunReader>().RecentAsync(1, TestContext.Current.CancellationToken)).FirstOrDefault()?.RowKey;
                return runId is null || (run = await app.Get<RunReader>().FindManifestAsync(runId, TestContext.Current.CancellationToken)) is not null;
            },
            TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(200));
        await stop.CancelAsync();
        await work;
        var requests = proxy.Requests - before;
        Assert.True(mayFail || run is null || run.Status == RunStatus.Succeeded, $"{refused}: {run?.Status} {string.Join(' ', run?.Failures ?? [])}");
        proxy.Refuse = null;
        var next = await app.RunAsync(Request);
        Assert.True(next.Status == RunStatus.Succeeded, $"{refused}: {next.Status} {string.Join(' ', next.Failures)}");
        await RawLedger.CheckAllAsync(app.Storage.Raw);
        return requests;
    }
}
