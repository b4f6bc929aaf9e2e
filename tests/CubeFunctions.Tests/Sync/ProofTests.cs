using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Changes;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Sync;

/// <summary>What counts as proven, and what becomes of what never is.</summary>
public sealed class ProofTests(AzuriteFixture azurite)
{
    private static readonly RunRequest Responses = RunRequest.Scheduled(Generation.EitherCalls);
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);
    private static readonly DateOnly Today = new(2026, 11, 21);

    /// <summary>Cube says 5 and gives 3, however often and with whatever borders it is asked.</summary>
    [Theory]
    [OverGenerations]
    public async Task A_stable_loss_is_never_proven_and_after_a_day_it_is_a_gap_that_holds_up_nobody(TenantApi api)
    {
        var clock = new ShiftedClock(Now, 20);
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request => request.Is("/responses") && Holds(request, new DateOnly(2026, 11, 20)) ? Scripted.Input("page-short.json") : null
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube.BaseUrl, clock);
        var run = await app.RunAsync(Responses);
        Assert.Equal((RunStatus.Succeeded, 1), (run.Status, run.Items.Unproven));
        var day = Assert.Single(run.Windows, window => window.Proof == Proof.None);
        Assert.Equal((new DateOnly(2026, 11, 20), new DateOnly(2026, 11, 20), "Cube says 5 and gives 3"), (day.From, day.To, day.Reason));
        Assert.Equal("2026-11-19", await ThroughAsync(app, api));
        Assert.Empty(await app.Get<GapStore>().ListAsync(TestContext.Current.CancellationToken));

        // Within the day it is read with every run, alone, and the others as one window each.
        cube.Requests.Clear();
        Assert.Equal(1, (await app.RunAsync(Responses)).Items.Unproven);
        Assert.InRange(cube.Count(), 3, 6);

        clock.Advance(TimeSpan.FromHours(25));
        run = await app.RunAsync(Responses);
        Assert.Equal((RunStatus.Succeeded, 0), (run.Status, run.Items.Unproven));
        Assert.Equal("2026-11-21", await ThroughAsync(app, api));
        var gap = Assert.Single(run.Gaps!);
        Assert.Equal(
            (api.Calls().Name, "campaign", "901", new DateOnly(2026, 11, 20), 5L, 3L, false),
            (gap.Feed, gap.Scope, gap.ScopeId, gap.Day, gap.ReportedCount, gap.Records, gap.Accepted)
        );
        Assert.Contains(
            app.Logs.Lines,
            line =>
                line.Level == Microsoft.Extensions.Logging.LogLevel.Error && line.Text.Contains("kept as a gap", StringComparison.Ordinal)
        );

        // Once a day from then on.
        cube.Requests.Clear();
        run = await app.RunAsync(Responses);
        Assert.Single(run.Gaps!);
        Assert.DoesNotContain(cube.Requests, request => request.Is("/responses") && Holds(request, new DateOnly(2026, 11, 20)));

        // A person accepts it by name: it is listed, and read no more.
        var id = Assert.Single(await app.Get<GapStore>().ListAsync(TestContext.Current.CancellationToken)).Id;
        Assert.Equal($"campaign=901:{api.Calls().Name}:2026-11-20", id);
        Assert.True(await app.Get<GapStore>().AcceptAsync(id, "a test", TestContext.Current.CancellationToken));
        Assert.False(
            await app.Get<GapStore>()
                .AcceptAsync($"campaign=901:{api.Calls().Name}:2026-11-19", "a test", TestContext.Current.CancellationToken)
        );
        clock.Advance(TimeSpan.FromHours(25));
        Assert.True(Assert.Single((await app.RunAsync(Responses)).Gaps!).Accepted);
        Assert.DoesNotContain(cube.Requests, request => request.Is("/responses") && Holds(request, new DateOnly(2026, 11, 20)));
        await RawLedger.CheckAllAsync(app.Storage.Raw);
    }

    /// <summary>A tenant that is busy all day: each reading lacks another number of records.</summary>
    [Theory]
    [OverGenerations]
    public async Task A_day_that_is_short_in_changing_figures_is_a_gap_after_two_days_and_what_it_has_is_published(TenantApi api)
    {
        var (clock, day, missing) = (new ShiftedClock(Now, 20), new DateOnly(2026, 11, 20), 1);
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request =>
                request.Is("/responses") && Holds(request, day)
                    ? Scripted.Page(3 + missing, null, Enumerable.Range(0, 3).Select(number => ScriptedCube.Response(day, number)))
                    : null
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube.BaseUrl, clock);
        await app.RunAsync(Responses);
        for (var hours = 20; hours < 48; hours += 20)
        {
            missing++;
            clock.Advance(TimeSpan.FromHours(20));
            Assert.Equal(1, (await app.RunAsync(Responses)).Items.Unproven);
        }

        Assert.Empty(await ChangeLedger.ReadAsync(app));
        missing++;
        clock.Advance(TimeSpan.FromHours(9));
        var run = await app.RunAsync(Responses);
        Assert.Equal((0, 3L), (run.Items.Unproven, Assert.Single(run.Gaps!).Records));
        Assert.Equal(3, (await ChangeLedger.ReadAsync(app)).Count);

        // The others come once they can be seen.
        missing = 0;
        clock.Advance(TimeSpan.FromHours(25));
        Assert.Null((await app.RunAsync(Responses)).Gaps);
        Assert.Equal(3, (await ChangeLedger.ReadAsync(app)).Count);
        await RawLedger.CheckAllAsync(app.Storage.Raw);
    }

    /// <summary>Rows that the user may not see are counted. Then the right is given, and the gaps close by themselves.</summary>
    [Theory]
    [OverGenerations]
    public async Task A_month_whose_counts_are_one_too_high_has_its_gaps_and_they_close_by_themselves(TenantApi api)
    {
        var clock = new ShiftedClock(Now, 50);
        var hidden = 1;
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request =>
            {
                if (!request.Is("/responses"))
                {
                    return null;
                }

                // Weekends have no responses and nothing hidden.
                var days = Enumerable
                    .Range(0, request.To!.Value.DayNumber - request.From!.Value.DayNumber + 1)
                    .Select(request.From.Value.AddDays)
                    .Where(day => day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday) && day < new DateOnly(2026, 11, 21))
                    .ToList();
                return Scripted.Page(
                    days.Count * (3L + hidden),
                    null,
                    days.SelectMany(day => Enumerable.Range(0, 3).Select(number => ScriptedCube.Response(day, number)))
                );
            }
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube.BaseUrl, clock);
        var weekdays = Enumerable
            .Range(0, 30)
            .Select(Today.AddDays(-30).AddDays)
            .Count(day => day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday));
        var run = await app.RunAsync(Responses);
        Assert.Equal(1, run.Items.Unproven);
        Assert.Equal(weekdays, run.Windows.Count(window => window.Proof == Proof.None));
        AtLeastOne.All(
            run.Windows.Where(window => window.Proof == Proof.None),
            window => Assert.Equal(("Cube says 4 and gives 3", window.From), (window.Reason, window.To))
        );

        clock.Advance(TimeSpan.FromHours(25));
        run = await app.RunAsync(Responses);
        Assert.Equal((0, weekdays), (run.Items.Unproven, run.Gaps!.Count));
        Assert.Equal("2026-11-21", await ThroughAsync(app, api));

        // Nothing is read twice for ever.
        cube.Requests.Clear();
        await app.RunAsync(Responses);
        Assert.InRange(cube.Count(), 1, 4);

        hidden = 0;
        clock.Advance(TimeSpan.FromHours(25));
        run = await app.RunAsync(Responses);
        Assert.Null(run.Gaps);
        Assert.Equal(0, run.Items.Unproven);
        Assert.Empty(await app.Get<GapStore>().ListAsync(TestContext.Current.CancellationToken));
        await RawLedger.CheckAllAsync(app.Storage.Raw);
    }

    [Theory]
    [OverGenerations("page-next-bare.json")]
    [OverGenerations("page-next-self.json")]
    public async Task A_next_that_names_no_further_page_is_paged_by_number_and_the_manifest_says_so(TenantApi api, string first)
    {
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request =>
                !request.Is("/responses") || !Holds(request, new DateOnly(2026, 11, 20)) ? null
                : request.Page == 1 ? Scripted.Input(first)
                : Scripted.Page(2, null, [ScriptedCube.Response(new DateOnly(2026, 11, 20), 1)])
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube.BaseUrl, new ShiftedClock(Now));
        var run = await app.RunAsync(Responses);
        var window = Assert.Single(run.Windows, window => window.Records == 2);
        Assert.Equal(Proof.Count, window.Proof);
        Assert.True(
            (
                await app.Get<Core.Storage.RawStore>().FindManifestAsync(window.Manifest, TestContext.Current.CancellationToken)
            )!.PagedByNumber
        );
    }

    [Theory]
    [OverGenerations]
    public async Task Pages_behind_an_empty_one_are_read(TenantApi api)
    {
        var day = new DateOnly(2026, 11, 20);
        var empty = true;
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request =>
                !request.Is("/responses") || !Holds(request, day) ? null
                : request.Page == 2 && Interlocked.Exchange(ref empty, false) ? Scripted.Page(6, null, [])
                : Scripted.Page(
                    6,
                    request.Page < 3 ? $"http://x/?page={request.Page + 1}" : null,
                    Enumerable.Range(request.Page * 2, 2).Select(number => ScriptedCube.Response(day, number))
                )
        );
        var clock = new ShiftedClock(Now, 10);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube.BaseUrl, clock);
        var run = await app.RunAsync(Responses);
        Assert.Equal((0, 6L), (run.Items.Unproven, run.Windows.Sum(window => window.Feed == api.Calls().Name ? window.Records : 0)));
        Assert.Contains(cube.Requests, request => request.Page == 3);
    }

    /// <summary>The last page counts what came, or nothing; the pages before it count what is missing.</summary>
    [Theory]
    [OverGenerations(0)]
    [OverGenerations(2)]
    public async Task Fewer_records_than_any_page_counts_are_never_proven(TenantApi api, int lastCount)
    {
        var day = new DateOnly(2026, 11, 20);
        var whole = true;
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request =>
                !request.Is("/responses") || !Holds(request, day) ? null
                : request.Page == 2 && !whole ? Scripted.Page(lastCount, null, [])
                : Scripted.Page(
                    4,
                    request.Page == 1 ? "http://x/?page=2" : null,
                    Enumerable.Range(request.Page * 2, 2).Select(number => ScriptedCube.Response(day, number))
                )
        );
        var clock = new ShiftedClock(Now, 20);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube.BaseUrl, clock);
        Assert.Equal(0, (await app.RunAsync(Responses)).Items.Unproven);
        whole = false;
        var run = await app.RunAsync(Responses);
        var lacking = Assert.Single(run.Windows, window => window.Proof == Proof.None);
        Assert.Equal((day, day, 2L), (lacking.From, lacking.To, lacking.Records));
        Assert.Contains("at most it says 4 and gives 2", lacking.Reason, StringComparison.Ordinal);
        Assert.Empty(await ChangeLedger.ReadAsync(app, run.RunId));
    }

    [Theory]
    [OverGenerations("""{"count":1,"next":null,"results":[ROW],"error":"partial outage"}""", "beside records: partial outage")]
    [OverGenerations("""{"errors":[{"code":7}],"count":1,"next":null,"results":[ROW]}""", "beside records: without words")]
    [OverGenerations("""{"count":1,"next":null,"results":[ROW],"error":"","errors":[]}""", null)]
    [OverGenerations("""{"count":9,"next":null,"results":[ROW],"error":null,"count":1}""", "Cube says 9 and gives 1")]
    public async Task What_says_that_it_is_not_all_is_no_proof(TenantApi api, string page, string? words)
    {
        var day = new DateOnly(2026, 11, 20);
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request =>
                request.Is("/responses") && Holds(request, day)
                    ? Scripted.Json(page.Replace("ROW", ScriptedCube.Response(day, 1), StringComparison.Ordinal))
                    : null
        );
        var clock = new ShiftedClock(Now, 50);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube.BaseUrl, clock);
        var run = await app.RunAsync(Responses);
        Assert.Equal(words is null, run.Items.Succeeded == run.Items.Total);
        var said = run.Failures.Select(failure => failure.Reason).Concat(run.Windows.Select(window => window.Reason));
        Assert.Equal(words is not null, said.Any(reason => reason?.Contains(words ?? "", StringComparison.Ordinal) == true));
    }

    /// <summary>A tenant that answers any page there could be, by its own count of them.</summary>
    [Theory]
    [OverGenerations(2_000_000_000L, "http://x/?page=2", 2, 60)]
    [OverGenerations(long.MaxValue, "http://x/?page=2", 2, 60)]
    [OverGenerations(2_000_000_000L, "http://x/?cursor=a", 0, 60)]
    [OverGenerations(0L, "http://x/?page=2", 2, 10)]
    public async Task A_count_from_outside_has_pages_asked_for_only_as_long_as_they_hold_something(
        TenantApi api,
        long count,
        string next,
        int records,
        int mostRequests
    )
    {
        var day = new DateOnly(2026, 11, 20);
        var number = 0;
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request =>
                !request.Is("/responses") || !Holds(request, day) ? null
                : request.Page == 1 && records > 0
                    ? Scripted.Page(count, next, [ScriptedCube.Response(day, 1), ScriptedCube.Response(day, 2)])
                : Scripted.Page(count, records > 0 ? null : $"http://x/?cursor={Interlocked.Increment(ref number)}", [])
        );
        var clock = new ShiftedClock(Now, 50);
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(clock),
            cube.BaseUrl,
            clock,
            ("Sync__StartDate", "2026-11-20"),
            ("Sync__WindowDays", "1")
        );
        var run = await app.RunAsync(Responses);
        Assert.DoesNotContain(run.Failures, failure => failure.Reason.Contains("Unexpected", StringComparison.Ordinal));
        Assert.Equal(count == 0 ? 0 : 1, run.Items.Unproven + run.Items.Failed);
        Assert.InRange(cube.Requests.Count(request => Holds(request, day)), 1, 2 * mostRequests);
    }

    [Theory]
    [OverGenerations]
    public Task What_is_no_page_is_tried_again_and_then_fails_in_Cubes_words(TenantApi api) =>
        Task.WhenAll(
            FailsAsync(api, 200, "MalformedPage", "partial outage"),
            FailsAsync(api, 202, "Transient", "answered 202"),
            FailsAsync(api, 206, "Transient", "answered 206")
        );

    private async Task FailsAsync(TenantApi api, int status, string kind, string words)
    {
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request => request.Is("/responses") ? Scripted.Input("page-error-as-empty.json") with { Status = status } : null
        );
        var clock = new ShiftedClock(Now, 50);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube.BaseUrl, clock);
        var run = await app.RunAsync(Responses);
        Assert.Contains(words, Assert.Single(run.Failures).Reason, StringComparison.Ordinal);
        Assert.Equal(
            kind,
            Assert.Single(await app.Get<RunReader>().FailedAsync(run.RunId, TestContext.Current.CancellationToken)).ReasonKind
        );
        Assert.Equal(24, cube.Count());
    }

    [Theory]
    [OverGenerations]
    public async Task A_true_repeat_is_settled_by_a_second_reading_and_then_by_the_last_one(TenantApi api)
    {
        var day = new DateOnly(2026, 11, 20);
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request =>
                request.Is("/responses") && Holds(request, day)
                    ? Scripted.Page(2, null, [ScriptedCube.Response(day, 1, "one"), ScriptedCube.Response(day, 1, "two")])
                    : null
        );
        var clock = new ShiftedClock(Now, 10);
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(clock),
            cube.BaseUrl,
            clock,
            ("Sync__StartDate", "2026-11-19")
        );
        var run = await app.RunAsync(Responses);
        Assert.Contains(run.Windows, window => window is { Proof: Proof.Sweeps, Records: 2 });
        await app.RunAsync(Responses);
        cube.Requests.Clear();
        run = await app.RunAsync(Responses);
        Assert.Contains(run.Windows, window => window is { Proof: Proof.Sweeps, Records: 2, Unchanged: true });
        Assert.Equal(run.Windows.Count(window => window.Feed == api.Calls().Name), cube.Count());
    }

    [Theory]
    [OverGenerations(false)]
    [OverGenerations(true)]
    public async Task A_reading_that_lacks_a_page_is_forgotten_and_the_window_stored_whole(TenantApi api, bool otherPageDiffers)
    {
        await using var cube = await CubeSimulator.StartAsync(
            new SimulatorOptions
            {
                Api = api,
                Campaigns = 1,
                CustomersPerAssignment = 300,
                PageSize = 100,
                AnonymisedPerThousand = 0,
            },
            null,
            TestContext.Current.CancellationToken
        );
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 10);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube, clock);
        var customers = RunRequest.Snapshot([FeedCatalogue.Customers]);
        var first = (await app.RunAsync(customers)).Windows.Single(window => window.Feed == "customers");
        var folder = first.Manifest[..(first.Manifest.LastIndexOf('/') + 1)];
        var manifest = (await app.Get<Core.Storage.RawStore>().FindManifestAsync(first.Manifest, TestContext.Current.CancellationToken))!;
        await app.Storage.Raw.DeleteBlobAsync(folder + manifest.Pages[1].Name, cancellationToken: TestContext.Current.CancellationToken);
        if (otherPageDiffers)
        {
            cube.Data.EditCustomer(
                cube.Data.AssignmentIds[0],
                cube.Data.CustomerIds(cube.Data.AssignmentIds[0]).ElementAt(250),
                "phone_3",
                "004790000000"
            );
        }

        var run = await app.RunAsync(customers);
        var second = run.Windows.Single(window => window.Feed == "customers");
        Assert.Equal((RunStatus.Succeeded, Proof.Count, false), (run.Status, second.Proof, second.Unchanged));
        await SyncRunTests.AssertSameAsync(
            app,
            run,
            "customers",
            cube.Data.Customers(cube.Data.AssignmentIds[0]).Select(customer => customer.ToJsonString())
        );
        Assert.True((await app.RunAsync(customers)).Windows.Single(window => window.Feed == "customers").Unchanged);
    }

    /// <summary>Windows of several days are said to hold one record more than their days do together.</summary>
    [Theory]
    [OverGenerations]
    public async Task Halves_that_do_not_add_up_hold_the_checkpoint_for_a_day_and_are_said_in_figures(TenantApi api)
    {
        var clock = new ShiftedClock(Now, 20);
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request =>
            {
                if (!request.Is("/responses"))
                {
                    return null;
                }

                var days = Enumerable
                    .Range(0, request.To!.Value.DayNumber - request.From!.Value.DayNumber + 1)
                    .Select(request.From.Value.AddDays)
                    .ToList();
                return Scripted.Page(
                    (days.Count * 2) + (days.Count > 1 ? 1 : 0),
                    null,
                    days.SelectMany(day => Enumerable.Range(0, 2).Select(number => ScriptedCube.Response(day, number)))
                );
            }
        );
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(clock),
            cube.BaseUrl,
            clock,
            ("Sync__StartDate", "2026-11-19")
        );
        var run = await app.RunAsync(Responses);
        Assert.Equal(1, run.Items.Unproven);
        AtLeastOne.All(run.Windows, window => Assert.Equal(Proof.Count, window.Proof));
        var item = await app
            .Storage.Runs.QueryAsync<ItemRow>(
                $"PartitionKey eq '{run.RunId}' and State eq 'Unproven'",
                cancellationToken: TestContext.Current.CancellationToken
            )
            .SingleAsync(TestContext.Current.CancellationToken);
        Assert.Equal("Cube says 5 for 20261119_20261120 and 4 for its parts", item.Reason);
        Assert.Null(await ThroughAsync(app, api));
        clock.Advance(TimeSpan.FromHours(25));
        await app.RunAsync(Responses);
        Assert.Equal("2026-11-21", await ThroughAsync(app, api));
    }

    [Theory]
    [OverGenerations]
    public async Task A_page_size_that_changes_in_mid_crawl_begins_the_crawl_anew(TenantApi api)
    {
        var day = new DateOnly(2026, 11, 20);
        var first = true;
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request =>
            {
                if (!request.Is("/responses") || !Holds(request, day))
                {
                    return null;
                }

                var size = request.Page == 1 && Interlocked.Exchange(ref first, false) ? 4 : 2;
                return Scripted.Page(
                    8,
                    request.Page * size < 8 ? $"http://x/?page={request.Page + 1}" : null,
                    Enumerable.Range((request.Page - 1) * size, size).Select(number => ScriptedCube.Response(day, number))
                );
            }
        );
        var clock = new ShiftedClock(Now, 10);
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(clock),
            cube.BaseUrl,
            clock,
            ("Sync__StartDate", "2026-11-20")
        );
        var run = await app.RunAsync(Responses);
        Assert.Contains(run.Windows, window => window is { Proof: Proof.Count, Records: 8 });
        Assert.Equal(0, run.Items.Unproven);
    }

    /// <summary>A row that is noted for a day long over is found within a week, and what has not changed costs its requests only.</summary>
    [Theory]
    [OverGenerations]
    public async Task A_late_row_is_found_by_the_weekly_look_back(TenantApi api)
    {
        var clock = new ShiftedClock(Now, 10);
        var late = new DateOnly(2026, 11, 3);
        var rows = new Dictionary<DateOnly, int> { [late] = 2, [new DateOnly(2026, 11, 10)] = 1 };
        await using var cube = await ScriptedCube.StartAsync(
            api,
            request =>
                request.Is("/responses")
                    ? Scripted.Page(
                        rows.Where(day => Holds(request, day.Key)).Sum(day => day.Value),
                        null,
                        rows.Where(day => Holds(request, day.Key))
                            .SelectMany(day => Enumerable.Range(0, day.Value).Select(number => ScriptedCube.Response(day.Key, number)))
                    )
                    : null
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(clock), cube.BaseUrl, clock);
        Assert.Equal(3, (await app.RunAsync(Responses)).Windows.Sum(window => window.Feed == api.Calls().Name ? window.Records : 0));
        rows[late]++;
        clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, (await app.RunAsync(Responses)).Windows.Sum(window => window.Feed == api.Calls().Name ? window.Records : 0));
        clock.Advance(TimeSpan.FromDays(6));
        var deep = await app.RunAsync(Responses);
        Assert.Equal(4, deep.Windows.Sum(window => window.Feed == api.Calls().Name ? window.Records : 0));
        Assert.True(
            deep.Windows.Count(window => window.To is { } to && window.From is { } from && to.DayNumber - from.DayNumber == 6) >= 3
        );

        // Not again before another week is over.
        cube.Requests.Clear();
        await app.RunAsync(Responses);
        Assert.DoesNotContain(cube.Requests, request => Holds(request, late));
        clock.Advance(TimeSpan.FromDays(6.6));
        deep = await app.RunAsync(Responses);
        Assert.Contains(deep.Windows, window => window is { Unchanged: true, Records: > 0 });
    }

    private static bool Holds(ScriptedRequest request, DateOnly day) => request.From <= day && request.To >= day;

    private static async Task<string?> ThroughAsync(TestApp app, TenantApi api) =>
        (await app.Get<RunReader>().CheckpointsAsync(TestContext.Current.CancellationToken))
            .Single(row => row.Feed == api.Calls().Name)
            .Through;
}
