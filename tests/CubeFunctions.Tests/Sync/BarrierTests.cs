using Azure.Data.Tables;
using Cube.Simulator;
using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Changes;
using CubeFunctions.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CubeFunctions.Tests.Sync;

/// <summary>What nobody foresaw costs its own unit, by name; the others are done and the next tick runs.</summary>
public sealed class BarrierTests(AzuriteFixture azurite)
{
    private static readonly RunRequest Request = Generation.WithCalls(RunKind.Scheduled, FeedCatalogue.CustomFields);

    private static readonly SimulatorOptions Options = new()
    {
        Campaigns = 2,
        CampaignsPerAssignment = 1,
        CustomersPerAssignment = 20,
        ResponsesPerCampaignPerDay = 4,
        PageSize = 100,
        AnonymisedPerThousand = 0,
    };

    /// <summary>Where something is thrown that nobody foresaw.</summary>
    public enum Place
    {
        /// <summary>A request to storage is refused in a way that no code has a rule for.</summary>
        Storage,

        /// <summary>Inside of the handler of requests to Cube.</summary>
        Cube,

        /// <summary>A call of an observer of windows or change files.</summary>
        Comparison,
    }

    /// <summary>Something is thrown once, at each place of a run: the unit is tried again and the run ends right.</summary>
    [Theory]
    [OverGenerations(Place.Storage, 30, 120, 4)]
    [OverGenerations(Place.Cube, 4, 40, 1)]
    [OverGenerations(Place.Comparison, 20, 120, 6)]
    public async Task An_unforeseen_failure_anywhere_is_counted_and_the_unit_tried_again(
        TenantApi api,
        Place place,
        int least,
        int most,
        int everyFew
    )
    {
        var places = await RunAsync(api, place, -1);
        Assert.InRange(places, least, most);
        var positions = Enumerable
            .Range(0, places)
            .Where(position => TestScale.Full || (position + (uint)TestScale.Seed) % everyFew == 0)
            .ToList();
        Assert.NotEmpty(positions);
        await Parallel.ForEachAsync(
            positions,
            new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken },
            async (position, _) => await RunAsync(api, place, position, places)
        );
    }

    /// <summary>
    /// What nobody foresaw is thrown each time for one scope: its item fails by name, and only it. Side by side, since each waits for its
    /// messages to come back.
    /// </summary>
    [Theory]
    [OverGenerations]
    public Task A_scope_at_which_something_always_throws_fails_by_name_and_the_others_succeed(TenantApi api) =>
        Task.WhenAll(
            ThrowsAlwaysAsync(api, Place.Cube, $"/{api.Calls().Name}"),
            ThrowsAlwaysAsync(api, Place.Comparison, $"page {api.Calls().Name}"),
            ThrowsAlwaysAsync(api, Place.Comparison, $"stored {api.Calls().Name}"),
            ThrowsAlwaysAsync(api, Place.Comparison, $"commit {api.Calls().Name}")
        );

    private async Task ThrowsAlwaysAsync(TenantApi api, Place place, string at)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        var thrower = new Thrower();
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 20);
        await using var app = await StartAsync(await azurite.NewAccountAsync(clock), cube, clock, place, thrower);
        var broken = cube.Data.CampaignIds()[0];
        thrower.Always = where => where.Contains(at, StringComparison.Ordinal) && where.Contains($"{broken}", StringComparison.Ordinal);
        var run = await app.RunAsync(Request);
        Assert.Equal(RunStatus.PartiallySucceeded, run.Status);
        var failure = Assert.Single(run.Failures);
        Assert.Equal((api.Calls().Name, $"{broken}"), (failure.Feed, failure.ScopeId));

        // What a request to Cube throws is tried again as any failed request is, and named as one.
        Assert.EndsWith(
            place == Place.Cube ? "failed: UnforeseenException" : "Unexpected: UnforeseenException",
            failure.Reason,
            StringComparison.Ordinal
        );
        Assert.Equal(run.Items.Total - 1, run.Items.Succeeded);
        thrower.Always = null;
        Assert.Equal(RunStatus.Succeeded, (await app.RunAsync(Request)).Status);
    }

    /// <summary>Everything of one scope is refused for good: its item fails by name.</summary>
    [Theory]
    [OverGenerations("cube-raw")]
    [OverGenerations("cube-changes")]
    public async Task A_scope_that_always_fails_fails_by_name_and_the_others_succeed(TenantApi api, string container)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 20);
        await using var proxy = await StorageProxy.StartAsync(await azurite.NewAccountAsync(clock));
        await using var app = await TestApp.StartAsync(proxy.ConnectionString, cube, clock, ("Sync__LeaseSeconds", "10"));
        var broken = cube.Data.CampaignIds()[0];
        proxy.Refuse = (_, _, path) =>
            path.Contains($"{container}/{api.Calls().Name}/campaign%3D{broken}", StringComparison.OrdinalIgnoreCase);
        var run = await app.RunAsync(Request);
        Assert.Equal(RunStatus.PartiallySucceeded, run.Status);
        var failure = Assert.Single(run.Failures);
        Assert.Equal((api.Calls().Name, $"{broken}"), (failure.Feed, failure.ScopeId));
        Assert.StartsWith("Unexpected: ", failure.Reason, StringComparison.Ordinal);
        Assert.Equal(run.Items.Total - 1, run.Items.Succeeded);
        proxy.Refuse = null;
        Assert.Equal(RunStatus.Succeeded, (await app.RunAsync(Request)).Status);
    }

    [Theory]
    [OverGenerations]
    public async Task A_garbled_item_row_fails_by_name_and_the_run_closes(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 20);
        var account = await azurite.NewAccountAsync(clock);
        await using var app = await TestApp.StartAsync(account, cube, clock);
        await using var other = await TestApp.StartAsync(account, cube, clock);
        var start = await other.Get<RunPlanner>().StartAsync(Request, TestContext.Current.CancellationToken);
        var key = ItemRow.KeyOf(api.Calls(), new Scope(ScopeKind.Campaign, $"{cube.Data.CampaignIds()[0]}"));
        await app.Storage.Runs.UpsertEntityAsync(
            new TableEntity(start.RunId, key)
            {
                ["State"] = "Waiting",
                ["Kind"] = "no such kind",
                ["Tries"] = "many",
            },
            TableUpdateMode.Replace,
            TestContext.Current.CancellationToken
        );
        var run = await app.FinishAsync(start.RunId);
        var failure = Assert.Single(run.Failures);
        Assert.Equal((api.Calls().Name, $"{cube.Data.CampaignIds()[0]}"), (failure.Feed, failure.ScopeId));
        Assert.StartsWith("Unexpected: ", failure.Reason, StringComparison.Ordinal);
        Assert.Equal(RunStatus.Succeeded, (await app.RunAsync(Request)).Status);
    }

    [Theory]
    [OverGenerations]
    public async Task A_garbled_run_stops_no_tick_and_any_column_of_a_checkpoint_costs_a_reading_at_most(TenantApi api)
    {
        var columns = RowReader
            .ColumnsOf(typeof(CheckpointRow))
            .Where(column => column.Name is not (nameof(IStoredRow.WriteId) or nameof(CheckpointRow.ScopeKind)))
            .ToList();
        var options = Options with { Api = api, Campaigns = columns.Count, CampaignsPerAssignment = 100, ResponsesPerCampaignPerDay = 1 };
        await using var cube = await CubeSimulator.StartAsync(options, null, TestContext.Current.CancellationToken);
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 20);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube, clock);
        var request = RunRequest.Scheduled(Generation.EitherCalls);
        await app.RunAsync(request);
        foreach (var (number, column) in columns.Index())
        {
            var wrong = column.Property.PropertyType == typeof(string) ? (object)7 : "many";
            await app.Storage.Checkpoints.UpsertEntityAsync(
                new TableEntity($"campaign={cube.Data.CampaignIds()[number]}", api.Calls().Name) { [column.Name] = wrong },
                TableUpdateMode.Merge,
                TestContext.Current.CancellationToken
            );
        }

        await app.Storage.Runs.UpsertEntityAsync(
            new TableEntity("run", "20260101T000000000Z-garble")
            {
                ["Status"] = "Running",
                ["Kind"] = 7,
                ["Items"] = "many",
            },
            TableUpdateMode.Replace,
            TestContext.Current.CancellationToken
        );
        var failed = await app.Get<Janitor>().RunAsync(force: false, TestContext.Current.CancellationToken);
        Assert.True(failed.Count == 0, string.Join('\n', app.Logs.Lines.TakeLast(6).Select(line => line.Text)));
        Assert.Equal(columns.Count, (await app.Get<CheckpointStore>().AllAsync(TestContext.Current.CancellationToken)).Count);
        var run = await app.RunAsync(request);
        Assert.Equal((RunStatus.Succeeded, run.Items.Total), (run.Status, run.Items.Succeeded));
        Assert.Empty(await ChangeLedger.NewsAsync(app, run.RunId));

        // Each row is whole again.
        var rows = await app
            .Storage.Checkpoints.QueryAsync<CheckpointRow>(
                "ScopeKind eq 'campaign'",
                cancellationToken: TestContext.Current.CancellationToken
            )
            .ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(columns.Count, rows.Count);
        AtLeastOne.All(rows, row => Assert.Equal((row.PartitionKey, true), ($"campaign={row.ScopeId}", row.ThroughDay is not null)));
    }

    private static Task<TestApp> StartAsync(string account, CubeSimulator cube, TimeProvider clock, Place place, Thrower thrower) =>
        TestApp.StartAsync(
            account,
            cube.BaseUrl,
            clock,
            builder =>
            {
                switch (place)
                {
                    case Place.Cube:
                        thrower.StandInHandlerOf(builder, typeof(CubeClient));
                        break;
                    case Place.Comparison:
                        builder
                            .Services.AddSingleton<IWindowObserver>(new ThrowingObserver(thrower))
                            .AddSingleton<IChangeFileObserver>(new ThrowingObserver(thrower));
                        break;
                }
            },
            ("Sync__LeaseSeconds", "40")
        );

    /// <summary>One run in which something is thrown once, and the tick after it.</summary>
    /// <param name="api">The generation.</param>
    /// <param name="place">Where.</param>
    /// <param name="position">The request or call, from 0; -1 for none.</param>
    /// <param name="places">How many there are as a rule.</param>
    /// <returns>How many requests or calls there were.</returns>
    private async Task<int> RunAsync(TenantApi api, Place place, int position, int places = 0)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 20);
        await using var proxy = await StorageProxy.StartAsync(await azurite.NewAccountAsync(clock));
        var thrower = new Thrower();
        await using var app = await StartAsync(proxy.ConnectionString, cube, clock, place, thrower);
        if (position >= 0)
        {
            thrower.ThrowAt(position);
        }

        proxy.Refuse = (_, method, path) =>
        {
            // The queue itself is the host's: a message that it cannot hand over comes again. And the test looks for the run's manifest.
            if (
                place != Place.Storage
                || path.Contains("/cube-sync", StringComparison.Ordinal)
                || (method == "GET" && path.Contains("/runs/", StringComparison.Ordinal))
            )
            {
                return false;
            }

            try
            {
                thrower.Pass($"{method} {path}");
                return false;
            }
            catch (UnforeseenException)
            {
                return true;
            }
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var work = app.WorkAsync(stop.Token);
        string? runId = null;
        try
        {
            runId = (await app.Get<RunPlanner>().StartAsync(Request, TestContext.Current.CancellationToken)).RunId;
        }
        catch (Exception exception)
            when (exception is Azure.RequestFailedException or UnforeseenException or OperationCanceledException
                && !TestContext.Current.CancellationToken.IsCancellationRequested
            )
        {
            // A tick that fails: the janitor goes on with its run, where it came to one.
        }

        var looks = 0;
        RunManifest? run = null;
        await WaitFor.TrueAsync(
            async () =>
            {
                if (++looks % 10 == 0 || runId is null)
                {
                    await app.Get<Janitor>().RunAsync(force: false, TestContext.Current.CancellationToken);
                    runId ??= await app.Get<RunReader>().RecentAsync(1, TestContext.Current.CancellationToken) is [var newest, ..]
                        ? newest.RowKey
                        : null;
                }

                return runId is null
                    || (run = await app.Get<RunReader>().FindManifestAsync(runId, TestContext.Current.CancellationToken)) is not null;
            },
            TimeSpan.FromSeconds(60),
            TimeSpan.FromMilliseconds(200)
        );
        await stop.CancelAsync();
        await work;
        Assert.True(
            run is null || run.Status == RunStatus.Succeeded,
            $"{thrower.Thrown}: {run?.Status} {string.Join(' ', run?.Failures ?? [])}"
        );
        var made = thrower.Passed;

        // Items end together or apart: the last few places are not in every run.
        Assert.True(position < 0 || thrower.Thrown.Length > 0 || position >= places - 4, $"nothing was thrown at {position}");
        proxy.Refuse = null;
        var next = await app.RunAsync(Request);
        Assert.True(next.Status == RunStatus.Succeeded, $"{thrower.Thrown}: {next.Status} {string.Join(' ', next.Failures)}");
        await RawLedger.CheckAllAsync(app.Storage.Raw);
        return made;
    }
}
