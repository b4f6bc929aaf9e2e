using Azure.Storage.Queues;
using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Sync;

/// <summary>Repeats, rivals, budgets and the dead.</summary>
public sealed class DistributedTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Options = new()
    {
        Campaigns = 2,
        CustomersPerAssignment = 900,
        ResponsesPerCampaignPerDay = 60,
        PageSize = 100,
        AnonymisedPerThousand = 0,
    };

    [Theory]
    [OverGenerations]
    public async Task Five_deliveries_of_a_message_two_at_a_time_do_the_work_once(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        var request = new RunRequest(RunKind.Manual, [FeedCatalogue.Customers])
        {
            Assignments = [cube.Data.PlaceOf(cube.Data.AssignmentIds[0]).Id],
        };
        await app.Get<RunPlanner>().StartAsync(request, TestContext.Current.CancellationToken);
        var message = Assert
            .Single((await Queue(app).ReceiveMessagesAsync(32, cancellationToken: TestContext.Current.CancellationToken)).Value)
            .Body.ToString();
        var worker = app.Get<ItemWorker>();
        await Task.WhenAll(
            worker.HandleAsync(message, TestContext.Current.CancellationToken),
            worker.HandleAsync(message, TestContext.Current.CancellationToken)
        );
        for (var i = 0; i < 3; i++)
        {
            await worker.HandleAsync(message, TestContext.Current.CancellationToken);
        }

        Assert.Equal(9, cube.Requests.Count("/customers"));
        await RawLedger.CheckAllAsync(app.Storage.Raw);
    }

    [Theory]
    [OverGenerations]
    public async Task A_message_that_failed_too_often_fails_its_item_and_the_run_closes(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        var start = await app.Get<RunPlanner>().StartAsync(SyncRunTests.All, TestContext.Current.CancellationToken);
        var message = (
            await Queue(app).ReceiveMessageAsync(TimeSpan.FromHours(1), TestContext.Current.CancellationToken)
        ).Value.Body.ToString();

        // It counts as an unforeseen failure each time; the item is dead after the ladder.
        for (var i = 0; i < 4; i++)
        {
            await app.Get<ItemWorker>().HandlePoisonAsync(message, TestContext.Current.CancellationToken);
        }

        var run = await app.FinishAsync(start.RunId);
        Assert.Equal(RunStatus.PartiallySucceeded, run.Status);
        Assert.Contains("failed too often", Assert.Single(run.Failures).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [OverGenerations]
    public async Task A_poison_message_that_is_none_of_ours_is_let_go(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await app.Get<ItemWorker>().HandlePoisonAsync("no JSON", TestContext.Current.CancellationToken);
        await app.Get<ItemWorker>().HandlePoisonAsync("""{"v":1,"run":"gone","item":"gone"}""", TestContext.Current.CancellationToken);
    }

    [Theory]
    [OverGenerations]
    public async Task A_short_budget_makes_continuations_and_no_page_is_read_twice(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Options with
            {
                Api = api,
                Campaigns = 1,
                CustomersPerAssignment = 6000,
                PageSize = 20,
                Latency = TimeSpan.FromMilliseconds(100),
            },
            null,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            cube,
            null,
            ("Sync__TimeBudgetSeconds", "1"),
            ("Cube__MaxConcurrentRequests", "8")
        );
        var run = await app.RunAsync(RunRequest.Snapshot([FeedCatalogue.Customers]));
        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal(
            300,
            cube.Requests.All.Where(request => request.Path.Contains("/customers", StringComparison.Ordinal))
                .Select(request => request.Page ?? "1")
                .Distinct()
                .Count()
        );
        Assert.Equal(300, cube.Requests.Count("/customers"));
        await SyncRunTests.AssertSameAsync(
            app,
            run,
            "customers",
            cube.Data.Customers(cube.Data.AssignmentIds[0]).Select(customer => customer.ToJsonString())
        );
        await RawLedger.CheckAllAsync(app.Storage.Raw);
        var pages = (await RawLedger.RunAsync(app.Storage.Raw, run.RunId)).GetProperty("pages").GetInt64();
        Assert.Equal(301, pages);
    }

    [Theory]
    [OverGenerations]
    public async Task Continuations_of_an_unchanged_window_read_no_page_twice_and_store_none(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Options with
            {
                Api = api,
                Campaigns = 1,
                CustomersPerAssignment = 2000,
                PageSize = 20,
                Latency = TimeSpan.FromMilliseconds(100),
            },
            null,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            cube,
            null,
            ("Sync__TimeBudgetSeconds", "1"),
            ("Cube__MaxConcurrentRequests", "4")
        );
        await app.RunAsync(RunRequest.Snapshot([FeedCatalogue.Customers]));
        cube.Requests.Clear();
        var second = await app.RunAsync(RunRequest.Snapshot([FeedCatalogue.Customers]));
        Assert.True(second.Windows.Single(window => window.Feed == "customers").Unchanged);
        Assert.Equal(100, cube.Requests.Count("/customers"));
    }

    [Theory]
    [OverGenerations]
    public async Task A_stopped_host_saves_and_the_next_goes_on(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Options with
            {
                Api = api,
                Campaigns = 1,
                CustomersPerAssignment = 3000,
                PageSize = 20,
                Latency = TimeSpan.FromMilliseconds(50),
            },
            null,
            TestContext.Current.CancellationToken
        );
        var account = await azurite.NewAccountAsync();
        string runId;
        await using (var first = await TestApp.StartAsync(account, cube))
        {
            runId = (
                await first
                    .Get<RunPlanner>()
                    .StartAsync(RunRequest.Snapshot([FeedCatalogue.Customers]), TestContext.Current.CancellationToken)
            ).RunId;
            using var stop = new CancellationTokenSource();
            cube.BeforeAnswer = request => _ = request.Page == "40" ? stop.CancelAsync() : null;
            await first.WorkAsync(stop.Token);
            cube.BeforeAnswer = null;
        }

        await using var second = await TestApp.StartAsync(account, cube);
        var run = await second.FinishAsync(runId);
        Assert.Equal(RunStatus.Succeeded, run.Status);

        // What was under way when the host stopped, or read and not stored yet, is read again, nothing else.
        Assert.InRange(cube.Requests.Count("/customers"), 150, 150 + PageSlots.MostOf(second.Get<CubeSettings>()));
        await RawLedger.CheckAllAsync(second.Storage.Raw);
    }

    [Theory]
    [OverGenerations]
    public async Task No_scope_is_swept_by_two_runs_at_once(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Options with
            {
                Api = api,
                Latency = TimeSpan.FromMilliseconds(20),
            },
            null,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null, ("Sync__LeaseSeconds", "5"));
        var today = cube.Data.Today;
        var scheduled = await app.Get<RunPlanner>().StartAsync(SyncRunTests.All, TestContext.Current.CancellationToken);
        var manual = await app.Get<RunPlanner>()
            .StartAsync(
                new RunRequest(RunKind.Manual, FeedCatalogue.Default) { From = today.AddDays(-30), To = today },
                TestContext.Current.CancellationToken
            );
        var holders = new HashSet<string>();
        await Task.WhenAll(app.FinishAsync(scheduled.RunId), app.FinishAsync(manual.RunId));
        foreach (var runId in new[] { scheduled.RunId, manual.RunId })
        {
            var run = (await app.Get<RunReader>().FindManifestAsync(runId, TestContext.Current.CancellationToken))!;
            Assert.Equal(RunStatus.Succeeded, run.Status);
            Assert.Equal(0, run.Items.Unproven);
            await SyncRunTests.AssertHasAllAsync(app, cube, run, today.AddDays(-30), today);
        }

        // Each scope and feed was read by one sweep, then by the other: the first page of the second comes after the last page of the
        // first.
        foreach (
            var sweep in cube
                .Requests.All.Where(request => request.Path.Contains("/customers", StringComparison.Ordinal))
                .GroupBy(request => request.Path)
        )
        {
            var pages = sweep
                .OrderBy(request => request.Ordinal)
                .Select(request => int.Parse(request.Page ?? "1", System.Globalization.CultureInfo.InvariantCulture))
                .ToList();
            var second = pages.LastIndexOf(1);
            var all = Enumerable.Range(1, pages.Max());

            // A page may be asked for again within a sweep: after a claim that was given up, or a request that failed.
            Assert.Equal(all, pages[..second].Distinct().Order());
            Assert.Equal(all, pages[second..].Distinct().Order());
        }
    }

    [Theory]
    [OverGenerations]
    public async Task A_plan_that_died_half_way_is_finished(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        var account = await azurite.NewAccountAsync();
        await using var app = await TestApp.StartAsync(account, cube);
        using var dies = new CancellationTokenSource();
        cube.BeforeAnswer = _ => dies.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => app.Get<RunPlanner>().StartAsync(SyncRunTests.All, dies.Token));
        cube.BeforeAnswer = null;
        var open = Assert.Single(await app.Get<SyncJanitor>().RecoverAllAsync(TestContext.Current.CancellationToken));
        var run = await app.FinishAsync(open);
        Assert.Equal(RunStatus.Succeeded, run.Status);
        await SyncRunTests.AssertHasAllAsync(app, cube, run, cube.Data.Today.AddDays(-30), cube.Data.Today);
    }

    [Theory]
    [OverGenerations]
    public async Task Items_whose_messages_are_gone_are_sent_for_again(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, clock);
        var start = await app.Get<RunPlanner>().StartAsync(SyncRunTests.All, TestContext.Current.CancellationToken);
        await Queue(app).ClearMessagesAsync(TestContext.Current.CancellationToken);
        await app.Get<Janitor>().RunAsync(force: false, TestContext.Current.CancellationToken);
        Assert.Empty((await Queue(app).PeekMessagesAsync(32, TestContext.Current.CancellationToken)).Value);
        clock.Advance(TimeSpan.FromMinutes(5));
        await app.Get<Janitor>().RunAsync(force: false, TestContext.Current.CancellationToken);
        Assert.Equal(RunStatus.Succeeded, (await app.FinishAsync(start.RunId)).Status);
    }

    [Theory]
    [OverGenerations]
    public async Task Messages_never_expire_and_hold_no_data(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await app.Get<RunPlanner>().StartAsync(SyncRunTests.All, TestContext.Current.CancellationToken);
        var message = (await Queue(app).PeekMessageAsync(TestContext.Current.CancellationToken)).Value;
        Assert.True(message.ExpiresOn is null || message.ExpiresOn.Value.Year > 9000);
        Assert.Matches(
            "^\\{\"v\":1,\"run\":\"[^\"]+\",\"item\":\"item\\|[^\"]+\"(,\"traceparent\":\"[^\"]+\")?(,\"due\":\"[^\"]+\")?\\}$",
            message.Body.ToString()
        );
    }

    [Theory]
    [OverGenerations]
    public async Task Ended_runs_are_forgotten_after_the_retention(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, clock, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, clock);
        var old = await app.RunAsync(SyncRunTests.All);
        clock.Advance(TimeSpan.FromDays(32));
        var young = await app.RunAsync(SyncRunTests.All);
        await app.Get<Janitor>().RunAsync(force: false, TestContext.Current.CancellationToken);
        Assert.Equal(
            [young.RunId],
            (await app.Get<RunReader>().RecentAsync(90, TestContext.Current.CancellationToken)).Select(run => run.RowKey)
        );
        Assert.NotEqual(old.RunId, young.RunId);
    }

    [Theory]
    [InlineData(100, 200)]
    [InlineData(101, 101)]
    public void Of_a_run_of_many_items_those_of_a_scope_go_by_one_message(int campaigns, int messages)
    {
        var items = Enumerable
            .Range(1, campaigns)
            .SelectMany(id =>
                new[] { FeedCatalogue.Responses, FeedCatalogue.Sms }.Select(feed => Item(feed, new Scope(ScopeKind.Campaign, $"{id}")))
            )
            .ToList();
        var sent = SyncMessage.For(items).ToList();
        Assert.Equal(messages, sent.Count);
        Assert.Equal(items.Select(item => item.RowKey).Order(), sent.SelectMany(message => message.Each()).Select(one => one.Item).Order());
        Assert.All(sent, message => Assert.Single(message.Each().Select(one => one.Item.Split('|')[^1]).Distinct()));

        static ItemRow Item(Feed feed, Scope scope) =>
            new()
            {
                PartitionKey = "run",
                RowKey = ItemRow.KeyOf(feed, scope),
                Feed = feed.Setting,
                ScopeKind = scope.KindName,
                ScopeId = scope.Id,
            };
    }

    [Theory]
    [OverGenerations(false)]
    [OverGenerations(true)]
    public async Task Items_of_one_message_are_claimed_in_one_transaction_and_one_that_fails_holds_up_none(TenantApi api, bool answerLost)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Options with
            {
                Api = api,
                Campaigns = 1,
            },
            null,
            TestContext.Current.CancellationToken
        );
        await using var proxy = await StorageProxy.StartAsync(await azurite.NewAccountAsync());
        await using var app = await TestApp.StartAsync(proxy.ConnectionString, cube);
        cube.Faults.Add(new Fault { Kind = FaultKind.Forbidden403, PathContains = $"/{api.Calls().Name}" });
        var (runId, message) = await PlanTogetherAsync(app, api);
        var before = proxy.Writes;
        proxy.LoseAnswerOf = answerLost ? before : -1;
        await app.Get<ItemWorker>().HandleAsync(message, TestContext.Current.CancellationToken);
        var writes = proxy.WriteLog.Skip(before).ToList();
        Assert.Contains("$batch", writes[0], StringComparison.Ordinal);
        Assert.Equal(answerLost, proxy.LostAnswerOf.Contains("$batch", StringComparison.Ordinal));

        // Each item gives its lease up by itself.
        Assert.Equal(2, writes.Count(write => write.Contains("CubeCheckpoints", StringComparison.Ordinal)));
        var run = (await app.Get<RunReader>().FindManifestAsync(runId, TestContext.Current.CancellationToken))!;
        Assert.Equal(api.Calls().Name, Assert.Single(run.Failures).Feed);
        Assert.Equal(Proof.Count, Assert.Single(run.Windows, window => window.Feed == "sms" && window.From < window.To).Proof);
    }

    [Theory]
    [OverGenerations]
    public async Task What_a_stopped_host_had_claimed_and_not_begun_is_free_at_once(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Options with
            {
                Api = api,
                Campaigns = 1,
            },
            null,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        var (runId, message) = await PlanTogetherAsync(app, api);
        using var stop = new CancellationTokenSource();
        cube.BeforeAnswer = request =>
            _ = request.Path.Contains($"/{api.Calls().Name}", StringComparison.Ordinal) ? stop.CancelAsync() : null;
        await app.Get<ItemWorker>().HandleAsync(message, stop.Token);
        cube.BeforeAnswer = null;
        var rows = await app.Get<RunReader>().CheckpointsAsync(TestContext.Current.CancellationToken);
        Assert.Equal([api.Calls().Name, "sms"], rows.Select(row => row.Feed).Order());
        Assert.All(rows, row => Assert.Null(row.LeaseHolder));
        Assert.DoesNotContain(cube.Requests.All, request => request.Path.Contains("/sms", StringComparison.Ordinal));
        Assert.Equal(RunStatus.Succeeded, (await app.FinishAsync(runId)).Status);
    }

    /// <summary>Plans a run over two feeds of one campaign, with one message for both.</summary>
    private static async Task<(string RunId, string Message)> PlanTogetherAsync(TestApp app, TenantApi api)
    {
        var start = await app.Get<RunPlanner>()
            .StartAsync(new RunRequest(RunKind.Scheduled, [api.Calls(), FeedCatalogue.Sms]), TestContext.Current.CancellationToken);
        var sent = (await Queue(app).ReceiveMessagesAsync(32, cancellationToken: TestContext.Current.CancellationToken))
            .Value.Select(message => QueueMessages.Read<SyncMessage>(message.Body.ToString()))
            .OrderBy(message => message.Item, StringComparer.Ordinal)
            .ToList();
        await Queue(app).ClearMessagesAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, sent.Count);
        return (start.RunId, QueueMessages.Write(sent[0] with { Others = [sent[1].Item] }));
    }

    private static QueueClient Queue(TestApp app) => app.Storage.Queue(StorageNames.SyncQueue);
}
