using Azure.Data.Tables;
using Azure.Storage.Queues;
using Cube.Simulator;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Sync;

/// <summary>Ticks, listings, rows of bounded size, pauses, and hosts that stop.</summary>
public sealed class PlanTests(AzuriteFixture azurite)
{
    private static readonly RunRequest Responses = RunRequest.Scheduled(Generation.EitherCalls);

    private static readonly SimulatorOptions Options = new()
    {
        Campaigns = 3,
        CampaignsPerAssignment = 1,
        CustomersPerAssignment = 20,
        ResponsesPerCampaignPerDay = 4,
        AnonymisedPerThousand = 0,
    };

    /// <summary>Sync__Campaigns is longer than a column of text.</summary>
    [Theory]
    [OverGenerations]
    public async Task Six_thousand_chosen_campaigns_fit_into_a_run(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        var chosen = cube.Data.CampaignIds()[1];
        var ids = Enumerable.Range(0, 6000).Select(number => $"{900_000_000L + (number * 7919L)}").Append($"{chosen}");
        var account = await azurite.NewAccountAsync();
        await using var app = await TestApp.StartAsync(account, cube, null, [("Sync__Campaigns", string.Join(',', ids))]);
        var run = await app.RunAsync(Responses);
        Assert.Equal(
            (RunStatus.Succeeded, $"{chosen}"),
            (run.Status, Assert.Single(run.Windows.Select(window => window.ScopeId).Where(id => id != "all").Distinct().ToList()))
        );
        Assert.Contains(run.Notices!, notice => notice.StartsWith("Cube lists no campaign 900000000", StringComparison.Ordinal));

        // A person may ask for as many.
        var day = new DateOnly(2026, 1, 1);
        run = await app.RunAsync(
            new RunRequest(RunKind.Manual, [api.Calls()])
            {
                Campaigns = [.. ids],
                From = day,
                To = day,
            }
        );
        Assert.Equal($"{chosen}", Assert.Single(run.Windows, window => window.Feed == api.Calls().Name).ScopeId);
    }

    [Theory]
    [OverGenerations]
    public async Task A_tick_plans_what_is_free_and_lists_what_is_in_hand_and_of_which_run(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        var slow = cube.Data.CampaignIds()[0];
        var first = await app.Get<RunPlanner>().StartAsync(Responses, TestContext.Current.CancellationToken);
        await HideAsync(app, ItemRow.KeyOf(api.Calls(), new Scope(ScopeKind.Campaign, $"{slow}")));
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken))
        {
            var work = app.WorkAsync(stop.Token);
            await WaitFor.TrueAsync(
                async () =>
                    await app
                        .Storage.Runs.QueryAsync<TableEntity>(
                            $"PartitionKey eq '{first.RunId}' and State eq 'Waiting'",
                            cancellationToken: TestContext.Current.CancellationToken
                        )
                        .CountAsync(TestContext.Current.CancellationToken) == 1,
                TimeSpan.FromSeconds(60)
            );
            await stop.CancelAsync();
            await work;
        }

        var second = await app.RunAsync(Responses);
        Assert.Equal((RunStatus.Succeeded, 3), (second.Status, second.Items.Total));
        var left = Assert.Single(second.InHand!);
        Assert.Equal((api.Calls().Name, "campaign", $"{slow}", first.RunId), (left.Feed, left.Scope, left.ScopeId, left.RunId));
        Assert.DoesNotContain(second.Windows, window => window.ScopeId == $"{slow}");

        // Nothing is missed: the slow one is finished by its own run, and free again.
        await app.Get<SyncJanitor>().RecoverAllAsync(TestContext.Current.CancellationToken);
        Assert.Equal(RunStatus.Succeeded, (await app.FinishAsync(first.RunId)).Status);
        Assert.Null((await app.RunAsync(Responses)).InHand);
    }

    [Theory]
    [OverGenerations]
    public async Task A_feed_that_is_named_twice_is_planned_once(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        var run = await app.RunAsync(
            new RunRequest(RunKind.Manual, [.. Generation.EitherCalls, .. Generation.EitherCalls])
            {
                From = cube.Data.Today,
                To = cube.Data.Today,
            }
        );
        Assert.Equal((RunStatus.Succeeded, 4), (run.Status, run.Items.Total));
    }

    [Theory]
    [OverGenerations]
    public async Task Broken_entries_of_the_listing_cost_those_campaigns_and_are_named(TenantApi api)
    {
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request => request.IsListing ? Scripted.Input("listing-three-bad.json") : null
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube.BaseUrl);
        var run = await app.RunAsync(Generation.WithCalls(RunKind.Scheduled, FeedCatalogue.Customers));
        var isOf2 = api == TenantApi.DataOwners;
        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal(
            ["901", "904"],
            run.Windows.Where(window => window.Feed == api.Calls().Name).Select(window => window.ScopeId).Distinct().Order()
        );
        Assert.Equal([isOf2 ? "31-B2C" : "31"], run.Windows.Where(window => window.Feed == "customers").Select(window => window.ScopeId));
        Assert.Equal(
            [
                "entry 2 of the campaigns listing has no campaign_id: it is not read",
                "entry 3 of the campaigns listing has no campaign_id: it is not read",
                "entry 4 of the campaigns listing has no campaign_id: it is not read",
                $"campaign 904 has no {(isOf2 ? "data_owner__id" : "assignment_id")}: its customers are not read",
            ],
            run.Notices
        );
    }

    [Theory]
    [OverGenerations]
    public async Task A_byte_order_mark_before_the_listing_is_read_over(TenantApi api)
    {
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request => request.IsListing ? new Scripted(200, [0xEF, 0xBB, 0xBF, .. Scripted.Json(ScriptedCube.ListingOf(api)).Body]) : null
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube.BaseUrl);
        Assert.Equal((RunStatus.Succeeded, 2), await app.RunAsync(Responses) is var run ? (run.Status, run.Items.Total) : default);
    }

    [Theory]
    [OverGenerations(503, "")]
    [OverGenerations(200, "{\"detail\":\"no list\"}")]
    public async Task A_listing_that_cannot_be_had_leaves_the_campaigns_that_are_known(TenantApi api, int status, string body)
    {
        var broken = false;
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request => request.IsListing && broken ? new Scripted(status, System.Text.Encoding.UTF8.GetBytes(body)) : null
        );
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 50);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube.BaseUrl, clock);
        var both = Generation.WithCalls(RunKind.Scheduled, FeedCatalogue.Customers);
        await app.RunAsync(both);
        broken = true;
        var run = await app.RunAsync(both);
        Assert.Equal((RunStatus.PartiallySucceeded, "campaigns"), (run.Status, Assert.Single(run.Failures).Feed));
        Assert.Equal(new[] { "customers", api.Calls().Name }.Order(), run.Windows.Select(window => window.Feed).Distinct().Order());
    }

    [Theory]
    [OverGenerations]
    public async Task Five_years_of_days_fit_into_an_items_row_and_the_checkpoint_moves_on_the_way(TenantApi api)
    {
        var today = new DateOnly(2026, 11, 21);
        var start = today.AddYears(-TestScale.Of(2, 5));
        var clock = new ShiftedClock(new DateTimeOffset(today, new TimeOnly(9, 0), TimeSpan.Zero), 50);
        await using var cube = await ScriptedCube.StartAsync(api, static _ => null);
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(clock),
            cube.BaseUrl,
            clock,
            ("Sync__WindowDays", "1"),
            ("Sync__StartDate", $"{start:yyyy-MM-dd}"),
            ("Sync__TimeBudgetSeconds", "60"),
            ("Changes__JoinCustomer", "false")
        );
        var begun = await app.Get<RunPlanner>().StartAsync(Responses, TestContext.Current.CancellationToken);
        var finish = app.FinishAsync(begun.RunId);
        var through = new HashSet<string>();
        while (!finish.IsCompleted)
        {
            through.Add(
                (await app.Get<RunReader>().CheckpointsAsync(TestContext.Current.CancellationToken))
                    .SingleOrDefault(row => row.Feed == api.Calls().Name)
                    ?.Through
                    ?? ""
            );
            await Task.WhenAny(
                finish,
                Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, TestContext.Current.CancellationToken)
            );
        }

        var run = await finish;

        // A window for each day, today's among them, and the listing of campaigns.
        Assert.Equal((RunStatus.Succeeded, today.DayNumber - start.DayNumber + 2), (run.Status, run.Windows.Count));
        Assert.True(through.Count > 3, string.Join(' ', through));
    }

    [Fact]
    public void Whatever_windows_give_fits_into_the_row()
    {
        var random = new Random(1);
        var row = new ItemRow();
        var day = new DateOnly(2021, 1, 1);
        var windows = Enumerable
            .Range(0, ItemRow.MaxWindows)
            .Select(number => new WindowResult(
                day.AddDays(number),
                day.AddDays(number),
                Proof.None,
                random.Next(),
                random.NextInt64(),
                random.NextInt64(),
                $"responses/campaign=901/window=x/run={RunId.New(DateTimeOffset.UnixEpoch.AddSeconds(random.Next()))}/_manifest.json",
                true
            )
            {
                Count = random.NextInt64(),
                Reason = "Cube says 30 and gives 10",
            })
            .ToList();
        row.WriteWindows(windows);
        Assert.Equal(windows, row.ReadWindows());
        AtLeastOne.All([row.Windows, row.Windows2, row.Windows3, row.Windows4], column => Assert.InRange(column?.Length ?? 0, 0, 65_536));
        Assert.InRange(row.WindowBytes, 1, 240_000);
    }

    [Theory]
    [OverGenerations("780000", 3600)]
    [OverGenerations("Thu, 31 Dec 2099 23:59:59 GMT", 3600)]
    [OverGenerations("Fri, 31 Dec 9999 23:59:59 GMT", 3600)]
    [OverGenerations("40", 40)]
    public async Task A_pause_that_Cube_asks_for_lasts_an_hour_at_most_is_shown_and_can_be_lifted(TenantApi api, string asked, int seconds)
    {
        var once = true;
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request =>
                request.Is("/responses") && Interlocked.Exchange(ref once, false)
                    ? new Scripted(429, []) { Headers = [("Retry-After", asked)] }
                    : null
        );
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube.BaseUrl, clock);
        var start = await app.Get<RunPlanner>().StartAsync(Responses, TestContext.Current.CancellationToken);
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken))
        {
            var work = app.WorkAsync(stop.Token);
            await WaitFor.TrueAsync(() => Task.FromResult(app.Get<SyncProgress>().Retrying.Count == 1), TimeSpan.FromSeconds(30));
            await stop.CancelAsync();
            await work;
        }

        var (name, state) = Assert.Single(await app.Get<SharedFlags>().ListAsync(TestContext.Current.CancellationToken));
        Assert.Equal("cube", name);
        Assert.InRange((state.Until - clock.GetUtcNow()).TotalSeconds, seconds - 30, seconds + 5);
        Assert.True(await app.Get<SharedFlags>().LiftAsync("cube", TestContext.Current.CancellationToken));
        Assert.Equal(TimeSpan.Zero, app.Get<TenantPause>().Remaining);
        Assert.Empty(await app.Get<Janitor>().RunAsync(force: false, TestContext.Current.CancellationToken));
        Assert.Equal(RunStatus.Succeeded, (await app.FinishAsync(start.RunId)).Status);
    }

    [Theory]
    [OverGenerations("0")]
    [OverGenerations("Mon, 01 Jan 2001 00:00:00 GMT")]
    public async Task A_pause_of_nothing_is_no_leave_to_ask_at_once(TenantApi api, string asked)
    {
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request => request.Is("/responses") ? new Scripted(429, []) { Headers = [("Retry-After", asked)] } : null
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube.BaseUrl);
        var started = TimeProvider.System.GetTimestamp();
        await Assert.ThrowsAsync<CubeException>(() =>
            app.Get<CubeClient>()
                .GetPageAsync(api.Calls(), $"/api/v1/campaigns/901/{api.Calls().Name}/", "", TestContext.Current.CancellationToken)
        );
        Assert.Equal(6, cube.Count());
        Assert.True(TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(3));
    }

    [Theory]
    [OverGenerations]
    public async Task The_janitor_notifies_only_items_whose_worker_died(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
        await using var cube = await CubeSimulator.StartAsync(
            Options with
            {
                Api = api,
                Campaigns = 12,
            },
            null,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube, clock);
        await app.Get<RunPlanner>().StartAsync(Responses, TestContext.Current.CancellationToken);

        // Messages wait in the queue of a slow machine: that is no death. One worker has died.
        var died = new Scope(ScopeKind.Campaign, $"{cube.Data.CampaignIds()[0]}");
        var row = await app
            .Storage.Runs.QueryAsync<ItemRow>(
                $"RowKey eq '{ItemRow.KeyOf(api.Calls(), died)}'",
                cancellationToken: TestContext.Current.CancellationToken
            )
            .SingleAsync(TestContext.Current.CancellationToken);
        var lease = await app.Get<CheckpointStore>()
            .TryHoldAsync(api.Calls(), died, row.Holder, static _ => { }, TestContext.Current.CancellationToken);
        await lease!.DisposeAsync();
        clock.Advance(TimeSpan.FromMinutes(90));
        for (var round = 0; round < 5; round++)
        {
            await app.Get<Janitor>().RunAsync(force: false, TestContext.Current.CancellationToken);
        }

        var messages = (
            await app
                .Storage.Queue(StorageNames.SyncQueue)
                .ReceiveMessagesAsync(32, TimeSpan.FromHours(1), TestContext.Current.CancellationToken)
        ).Value;
        Assert.Equal(13, messages.Length);
        Assert.Equal(2, messages.Count(message => message.Body.ToString().Contains($"\"{row.RowKey}\"", StringComparison.Ordinal)));
    }

    [Theory]
    [OverGenerations]
    public async Task A_host_that_stops_while_pages_are_slow_leaves_no_lease(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            Options with
            {
                Api = api,
                Campaigns = 7,
                Latency = TimeSpan.FromSeconds(4),
            },
            null,
            TestContext.Current.CancellationToken
        );
        var account = await azurite.NewAccountAsync();
        using var stop = new CancellationTokenSource();
        string runId;
        await using (var app = await TestApp.StartAsync(account, cube))
        {
            runId = (await app.Get<RunPlanner>().StartAsync(Responses, TestContext.Current.CancellationToken)).RunId;
            var work = app.WorkAsync(stop.Token);
            await WaitFor.TrueAsync(() => Task.FromResult(cube.Requests.Count($"/{api.Calls().Name}") >= 7), TimeSpan.FromSeconds(30));
            var stopped = TimeProvider.System.GetTimestamp();
            await stop.CancelAsync();
            await work;
            Assert.True(TimeProvider.System.GetElapsedTime(stopped) < TimeSpan.FromSeconds(10));
            AtLeastOne.All(
                await app.Get<RunReader>().CheckpointsAsync(TestContext.Current.CancellationToken),
                row => Assert.Null(row.LeaseHolder)
            );
            Assert.DoesNotContain(app.Logs.Lines, line => line.Text.Contains("Disposed", StringComparison.Ordinal));
        }

        await using var next = await TestApp.StartAsync(account, cube);
        Assert.Equal(RunStatus.Succeeded, (await next.FinishAsync(runId)).Status);
    }

    /// <summary>Ids as long as may be, in letters that rows and blobs take encoded.</summary>
    [Fact]
    public void What_a_row_notes_fits_into_its_columns_whatever_ids_and_history_are()
    {
        const int Column = 32 * 1024;
        var path =
            $"responses/campaign={new string('~', 400)}/window=20261101_20261101/run={RunId.New(DateTimeOffset.UnixEpoch)}/_manifest.json";
        var row = new CheckpointRow();
        for (var day = new DateOnly(2026, 1, 1); day < new DateOnly(2026, 6, 1); day = day.AddDays(1))
        {
            row.AddReading(new Reading(day, day, path, DateTimeOffset.UnixEpoch));
        }

        Assert.InRange(row.Readings!.Length, 1, Column);
        Assert.Equal((new DateOnly(2026, 5, 31), path), (row.ReadReadings()[0].From, row.ReadReadings()[0].Manifest));

        var numbers = Enumerable.Range(50_000, 100_000).Where(number => number % 3 > 0).ToList();
        var ranges = PageRanges.Format(numbers);
        Assert.InRange(ranges.Length, 1, Column);
        Assert.Equal(numbers.Take(4000), PageRanges.Parse(ranges).Take(4000));

        var run = new RunRow();
        run.WriteNotices([.. Enumerable.Repeat($"campaign {new string('ø', 66)} has no assignment_id: its customers are not read", 300)]);
        Assert.InRange(run.Notices!.Length, 1, Column);
        Assert.Equal("250 more", run.ReadNotices()[^1]);
    }

    [Fact]
    public void What_cannot_be_read_in_a_checkpoints_columns_is_forgotten()
    {
        var row = new CheckpointRow { Readings = "[{\"from\":7}", Progress = "{\"window\":\"x\"}" };
        Assert.Empty(row.ReadReadings());
        Assert.Null(row.ReadProgress());
    }

    /// <summary>Takes the message of one item out of sight.</summary>
    private static async Task HideAsync(TestApp app, string item)
    {
        var queue = app.Storage.Queue(StorageNames.SyncQueue);
        foreach (
            var message in (await queue.ReceiveMessagesAsync(32, TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).Value
        )
        {
            var hidden = message.Body.ToString().Contains($"\"{item}\"", StringComparison.Ordinal) ? TimeSpan.FromHours(1) : TimeSpan.Zero;
            await queue.UpdateMessageAsync(
                message.MessageId,
                message.PopReceipt,
                message.Body,
                hidden,
                TestContext.Current.CancellationToken
            );
        }
    }
}
