using Azure.Data.Tables;
using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Sync;
using Xunit;

namespace CubeFunctions.Tests.Local;

/// <summary>Processes that die, stop, and share work.</summary>
public sealed class CrashTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Options = new()
    {
        Campaigns = 3,
        CustomersPerAssignment = 600,
        ResponsesPerCampaignPerDay = 40,
        PageSize = 50,
        AnonymisedPerThousand = 0,
        Latency = TimeSpan.FromMilliseconds(10),
    };

    private static readonly (string, string)[] ShortLeases = [("Sync__LeaseSeconds", "2")];

    [Theory]
    [OverGenerations]
    public async Task A_run_killed_at_random_moments_loses_no_record_and_shows_nothing_torn(TenantApi api)
    {
        var random = new Random(TestScale.Seed);
        TestContext.Current.TestOutputHelper!.WriteLine($"CUBE_SEED={TestScale.Seed}");
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        var rounds = TestScale.Of(3, 25);
        for (var round = 0; round < rounds; round++)
        {
            var account = await azurite.NewAccountAsync();
            var settings = CommandTests.Of(cube, account, ShortLeases);
            for (var kill = 0; kill < 2; kill++)
            {
                using var victim = CubeProcess.Start("sync --json", null, settings);

                // Some die before their first request, some after the run's end.
                var requests = cube.Requests.Total + random.Next(TestScale.Of(150, 220));
                var patience = TimeSpan.FromMilliseconds(random.Next(300, 6000));
                var started = TimeProvider.System.GetTimestamp();
                while (!victim.HasExited && cube.Requests.Total < requests && TimeProvider.System.GetElapsedTime(started) < patience)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, TestContext.Current.CancellationToken);
                }

                await victim.KillAsync();
            }

            var (code, report, _) = await CubeProcess.SyncAsync("", settings);
            Assert.True(code == 0 && report.GetProperty("status").GetString() == "Succeeded", $"{code}: {report}");
            await using var app = await TestApp.StartAsync(account, cube);
            await AssertWholeAsync(app, cube);
        }
    }

    [Theory]
    [OverGenerations]
    public async Task Ctrl_C_saves_and_the_next_sync_goes_on(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Options with
            {
                Api = api,
                Latency = TimeSpan.FromMilliseconds(60),
            },
            null,
            TestContext.Current.CancellationToken
        );
        var account = await azurite.NewAccountAsync();
        var settings = CommandTests.Of(cube, account);
        using (var first = CubeProcess.Start("sync", null, settings))
        {
            await WaitFor.TrueAsync(() => Task.FromResult(cube.Requests.Count("/customers/") > 8), TimeSpan.FromSeconds(60));
            first.Interrupt();
            Assert.Equal(130, await first.ExitAsync());
            Assert.Contains("Stopped", first.Errors, StringComparison.Ordinal);
        }

        var before = cube.Requests.Count("/customers/");
        var (code, _, _) = await CubeProcess.SyncAsync("", settings);
        Assert.Equal(0, code);
        await using var app = await TestApp.StartAsync(account, cube);
        await AssertWholeAsync(app, cube);

        // The first run's twelve pages an assignment are not all read again, though a second run reads them after it.
        var assignments = cube.Data.AssignmentIds.Count;
        Assert.InRange(cube.Requests.Count("/customers/") - before, assignments * 12, (assignments * 24) - 1);
    }

    [Theory]
    [OverGenerations]
    public async Task After_a_kill_the_next_sync_says_what_is_known_and_until_when_the_lease_lasts(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Options with
            {
                Api = api,
                Campaigns = 1,
                Latency = TimeSpan.FromMilliseconds(100),
            },
            null,
            TestContext.Current.CancellationToken
        );
        var account = await azurite.NewAccountAsync();
        var settings = CommandTests.Of(cube, account, ("Sync__LeaseSeconds", "8"));
        using (var victim = CubeProcess.Start("sync", null, settings))
        {
            await WaitFor.TrueAsync(
                () => Task.FromResult(cube.Requests.Count("/customers/") > 2),
                TimeSpan.FromSeconds(60),
                TimeSpan.FromMilliseconds(20)
            );
            await victim.KillAsync();
        }

        // As right after a kill, however long this machine took since.
        var until = TimeProvider.System.GetUtcNow().AddSeconds(15);
        var checkpoints = new TableClient(account, "CubeCheckpoints");
        var leases = await checkpoints
            .QueryAsync<TableEntity>("LeaseHolder ne ''", cancellationToken: TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);
        Assert.NotEmpty(leases);
        foreach (var lease in leases)
        {
            lease["LeaseUntil"] = until;
            await checkpoints.UpdateEntityAsync(lease, lease.ETag, cancellationToken: TestContext.Current.CancellationToken);
        }

        var (code, output, errors) = await CubeProcess.RunAsync("sync", null, settings);
        Assert.True(code == 0, errors);
        Assert.Contains(
            $" is in the hands of another process, or of one that died: its lease ends at {until:HH:mm:ss} UTC unless it is renewed. Working on it together",
            output,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [OverGenerations]
    public async Task Four_workers_share_a_run_and_each_item_is_done_once(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Options with
            {
                Api = api,
                Campaigns = 12,
                CustomersPerAssignment = 300,
            },
            null,
            TestContext.Current.CancellationToken
        );
        var account = await azurite.NewAccountAsync();
        await using var app = await TestApp.StartAsync(account, cube);
        var workers = Enumerable.Range(0, 4).Select(_ => CubeProcess.Start("work", null, CommandTests.Of(cube, account))).ToList();
        var start = await app.Get<RunPlanner>().StartAsync(SyncRunTests.All, TestContext.Current.CancellationToken);
        await ClosedAsync(app, start.RunId);
        foreach (var worker in workers)
        {
            worker.Interrupt();
            Assert.Equal(0, await worker.ExitAsync());
            worker.Dispose();
        }

        var run = (await app.Get<RunReader>().FindManifestAsync(start.RunId, TestContext.Current.CancellationToken))!;
        Assert.Equal(RunStatus.Succeeded, run.Status);
        await AssertWholeAsync(app, cube);

        // Each page of each feed was asked for once.
        AtLeastOne.All(cube.Requests.All.GroupBy(request => request.ToString()), group => Assert.Single(group));
    }

    [Theory]
    [OverGenerations]
    public async Task A_worker_that_is_killed_again_and_again_loses_no_item(TenantApi api)
    {
        var random = new Random(TestScale.Seed);
        TestContext.Current.TestOutputHelper!.WriteLine($"CUBE_SEED={TestScale.Seed}");
        await using var cube = await CubeSimulator.StartAsync(
            Options with
            {
                Api = api,
                Campaigns = 6,
                Latency = TimeSpan.FromMilliseconds(40),
            },
            null,
            TestContext.Current.CancellationToken
        );
        for (var round = 0; round < TestScale.Of(1, 8); round++)
        {
            var account = await azurite.NewAccountAsync();
            var settings = CommandTests.Of(cube, account, ShortLeases);
            await using var app = await TestApp.StartAsync(account, cube);
            var workers = Enumerable.Range(0, 4).Select(_ => CubeProcess.Start("work", null, settings)).ToList();
            var start = await app.Get<RunPlanner>().StartAsync(SyncRunTests.All, TestContext.Current.CancellationToken);
            while (await app.Get<RunReader>().FindManifestAsync(start.RunId, TestContext.Current.CancellationToken) is null)
            {
                await Task.Delay(
                    TimeSpan.FromMilliseconds(random.Next(200, 1500)),
                    TimeProvider.System,
                    TestContext.Current.CancellationToken
                );
                await workers[0].KillAsync();
                workers[0].Dispose();
                workers[0] = CubeProcess.Start("work", null, settings);
            }

            foreach (var worker in workers)
            {
                await worker.KillAsync();
                worker.Dispose();
            }

            Assert.Equal(
                RunStatus.Succeeded,
                (await app.Get<RunReader>().FindManifestAsync(start.RunId, TestContext.Current.CancellationToken))!.Status
            );
            await AssertWholeAsync(app, cube);
        }
    }

    private static async Task ClosedAsync(TestApp app, string runId) =>
        await WaitFor.TrueAsync(
            async () => await app.Get<RunReader>().FindManifestAsync(runId, TestContext.Current.CancellationToken) is not null,
            TimeSpan.FromMinutes(3)
        );

    /// <summary>Every manifest is true, and together the runs hold every record of the thirty days and today.</summary>
    private static async Task AssertWholeAsync(TestApp app, CubeSimulator cube)
    {
        await RawLedger.CheckAllAsync(app.Storage.Raw, leftovers: true);
        var feeds = Generation.ReadByDefault(cube.Data.Api).Where(static feed => feed.Shape == FeedShape.Paged).ToList();
        var stored = feeds.ToDictionary(static feed => feed.Name, static _ => new HashSet<string>());
        foreach (var row in await app.Get<RunReader>().RecentAsync(2, TestContext.Current.CancellationToken))
        {
            var manifest = await RawLedger.RunAsync(app.Storage.Raw, row.RowKey);
            foreach (var feed in feeds)
            {
                stored[feed.Name].UnionWith(await RawLedger.ReadAsync(app.Storage.Raw, manifest, feed.Name));
            }
        }

        AtLeastOne.All(
            feeds,
            feed =>
                Assert.Equal(
                    cube.Data.RecordsOf(feed, cube.Data.Today.AddDays(-30), cube.Data.Today).Distinct().Order(StringComparer.Ordinal),
                    stored[feed.Name].Order(StringComparer.Ordinal)
                )
        );
    }
}
