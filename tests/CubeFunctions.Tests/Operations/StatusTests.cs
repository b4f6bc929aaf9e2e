using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CubeFunctions.Tests.Operations;

/// <summary>The state of everything at a glance, and what can be done about it.</summary>
public sealed class StatusTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Tenant = new()
    {
        Campaigns = 2,
        CampaignsPerAssignment = 2,
        CustomersPerAssignment = 60,
    };

    [Theory]
    [OverGenerations]
    public async Task It_costs_the_same_number_of_reads_whatever_the_history_holds(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        var account = await azurite.NewAccountAsync();
        await using var proxy = await StorageProxy.StartAsync(account, int.MaxValue, answerLost: false);
        await using var app = await TestApp.StartAsync(proxy.ConnectionString, cube);
        await using var http = await TestHttp.StartAsync(app);
        await app.RunAsync(Core.Sync.RunRequest.Snapshot(FeedCatalogue.Default));
        await ReadsAsync(http, proxy);
        var (few, status) = await ReadsAsync(http, proxy);
        Assert.True(few <= 8, $"{few} reads");
        Assert.NotEmpty(status.Json.GetProperty("scopes").EnumerateArray().ToList());
        Assert.Equal(
            "Succeeded",
            Assert.Single(status.Json.GetProperty("runs").EnumerateArray().ToList()).GetProperty("status").GetString()
        );

        // Runs of older days, and events that ended.
        var now = TimeProvider.System.GetUtcNow();
        foreach (var chunk in Enumerable.Range(0, 1000).Chunk(100))
        {
            await app.Storage.Runs.SubmitTransactionAsync(
                chunk.Select(i => new Azure.Data.Tables.TableTransactionAction(
                    Azure.Data.Tables.TableTransactionActionType.Add,
                    new Azure.Data.Tables.TableEntity("run", $"{RunId.Floor(now.AddDays(-3).AddMinutes(-15 * i))}-{i:x6}")
                    {
                        ["Kind"] = "Scheduled",
                        ["Status"] = "Succeeded",
                        ["StartedAt"] = now.AddDays(-3),
                    }
                )),
                TestContext.Current.CancellationToken
            );
            await app.Storage.Upserts.SubmitTransactionAsync(
                chunk.Select(i => new Azure.Data.Tables.TableTransactionAction(
                    Azure.Data.Tables.TableTransactionActionType.Add,
                    new Azure.Data.Tables.TableEntity("00000000000000000000000000000001", $"{i:x32}")
                    {
                        ["State"] = "Delivered",
                        ["AcceptedAt"] = now.AddDays(-3),
                        ["Body"] = "x",
                    }
                )),
                TestContext.Current.CancellationToken
            );
        }

        Assert.Equal(few, (await ReadsAsync(http, proxy)).Reads);
    }

    [Theory]
    [OverGenerations]
    public async Task Two_thousand_scopes_over_a_thousand_ended_runs_are_read_at_once(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        var account = await azurite.NewAccountAsync();
        await using var app = await TestApp.StartAsync(account, cube);
        await Dashboard.Tenants.FillAsync(app, 500);
        var now = TimeProvider.System.GetUtcNow();
        foreach (var chunk in Enumerable.Range(0, 1000).Chunk(100))
        {
            await app.Storage.Runs.SubmitTransactionAsync(
                chunk.Select(i => new Azure.Data.Tables.TableTransactionAction(
                    Azure.Data.Tables.TableTransactionActionType.Add,
                    new Azure.Data.Tables.TableEntity("run", $"{RunId.Floor(now.AddHours(-i))}-{i:x6}")
                    {
                        ["Kind"] = "Scheduled",
                        ["Status"] = "Succeeded",
                        ["StartedAt"] = now.AddHours(-i),
                        ["Failed"] = 0,
                    }
                )),
                TestContext.Current.CancellationToken
            );
        }

        await Dashboard.Tenants.CountAsync(app);
        await using var proxy = await StorageProxy.StartAsync(account, int.MaxValue, answerLost: false);
        await using var watched = await TestApp.StartAsync(proxy.ConnectionString, cube);
        await using (var http = await TestHttp.StartAsync(watched))
        {
            await ReadsAsync(http, proxy);
            var (reads, status) = await ReadsAsync(http, proxy);
            Assert.Equal(
                (2000, 500),
                (status.Json.GetProperty("scopes").GetArrayLength(), status.Json.GetProperty("campaigns").GetArrayLength())
            );

            // Checkpoints come a thousand at a time; gaps lie in the same table.
            Assert.True(reads <= 12, $"{reads} reads");
        }

        // The best of some: other tests have the processors as well.
        await using var direct = await TestHttp.StartAsync(app);
        var best = TimeSpan.MaxValue;
        for (var i = 0; i < 8; i++)
        {
            var started = TimeProvider.System.GetTimestamp();
            Assert.Equal(200, (await direct.GetAsync("status")).Status);
            var took = TimeProvider.System.GetElapsedTime(started);
            best = took < best ? took : best;
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{best.TotalMilliseconds:F0} ms");
        Assert.True(best < TestScale.Of(TimeSpan.FromSeconds(1.5), TimeSpan.FromMilliseconds(300)), $"{best}");
    }

    [Theory]
    [OverGenerations]
    public async Task Campaigns_have_their_names_also_after_a_run_that_found_the_listing_unchanged(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await using var http = await TestHttp.StartAsync(app);
        await app.RunAsync(Core.Sync.RunRequest.Snapshot([FeedCatalogue.Customers]));
        var second = await app.RunAsync(Core.Sync.RunRequest.Snapshot([FeedCatalogue.Customers]));
        Assert.Contains(second.Windows, window => window.Feed == "campaigns" && window.Unchanged);
        var status = await http.GetAsync("status");
        Assert.Equal(
            cube.Data.CampaignIds().Count,
            status.Json.GetProperty("campaigns").EnumerateArray().Count(campaign => campaign.GetProperty("name").GetString()!.Length > 0)
        );
        var days = status
            .Json.GetProperty("feeds")
            .EnumerateArray()
            .Single(feed => feed.GetProperty("feed").GetString() == "customers")
            .GetProperty("days");
        Assert.Equal(
            cube.Data.Customers(cube.Data.AssignmentIds[0]).Count(),
            Assert.Single(days.EnumerateArray().ToList()).GetProperty("records").GetInt64()
        );
    }

    [Theory]
    [OverGenerations]
    public async Task Keys_of_old_requests_are_purged_and_dead_letters_stay(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), clock, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, clock);
        await using var http = await TestHttp.StartAsync(app);
        await app.Storage.Upserts.AddEntityAsync(
            new Azure.Data.Tables.TableEntity($"{7:x32}", $"{7:x32}")
            {
                ["SchemaVersion"] = 1,
                ["State"] = "Dead",
                ["Sender"] = "crm",
                ["AcceptedAt"] = clock.GetUtcNow(),
                ["CompletedAt"] = clock.GetUtcNow(),
                ["Reason"] = "refused",
            },
            TestContext.Current.CancellationToken
        );
        var first = (await http.ActAsync("runs", """{"kind":"Snapshot"}""", "key"))["runId"];
        await http.ActAsync($"runs/{first}/cancel");
        clock.Advance(TimeSpan.FromDays(29));
        await app.Get<Janitor>().RunAsync(force: true, TestContext.Current.CancellationToken);
        Assert.Equal(first, (await http.ActAsync("runs", """{"kind":"Snapshot"}""", "key"))["runId"]);
        clock.Advance(TimeSpan.FromDays(2));
        await app.Get<Janitor>().RunAsync(force: true, TestContext.Current.CancellationToken);
        Assert.NotEqual(first, (await http.ActAsync("runs", """{"kind":"Snapshot"}""", "key"))["runId"]);
        Assert.Equal(
            1,
            (await app.Get<Core.Operations.BacklogCounter>().CountAsync(TestContext.Current.CancellationToken)).Backlog.Upserts.Dead
        );
    }

    [Theory]
    [OverGenerations]
    public async Task Its_tag_changes_when_something_does(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(
            azurite,
            Tenant.EarlyIn(api),
            null,
            ("Upserts__Senders__crm__Kind", "json"),
            ("Upserts__Senders__crm__Secret", "test-secret")
        );
        var first = await lane.Http.GetAsync("status");
        Assert.Equal((200, "application/json"), (first.Status, first.MediaType));
        Assert.Equal(304, (await lane.Http.GetAsync("status", first.ETag)).Status);
        await lane.SnapshotAsync();
        Assert.Equal(200, (await lane.Http.GetAsync("status", first.ETag)).Status);
    }

    [Theory]
    [OverGenerations]
    public async Task Dead_upserts_are_shown_with_their_reason_and_replayed_or_dropped_by_id(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(
            azurite,
            Tenant.EarlyIn(api),
            null,
            ("Upserts__Senders__crm__Kind", "json"),
            ("Upserts__Senders__crm__Secret", "test-secret")
        );
        await lane.SnapshotAsync();
        var customers = lane.Cube.Data.Customers(lane.Assignment).Take(3).Select(customer => $"{customer["customer_id"]}");
        var ids = await lane.PostAsync($"[{string.Join(',', customers.Select(id => $$"""{"customer_id":"{{id}}","city":"Bodø"}"""))}]");
        foreach (var id in ids)
        {
            await lane.App.Storage.Upserts.UpdateEntityAsync(
                new Azure.Data.Tables.TableEntity(id[..32], id[32..]) { ["State"] = "Dead", ["Reason"] = "Cube refused it" },
                Azure.ETag.All,
                cancellationToken: TestContext.Current.CancellationToken
            );
        }

        await lane.App.Get<Core.Operations.BacklogCounter>().CountAsync(TestContext.Current.CancellationToken);
        var upserts = (await lane.Http.GetAsync("status")).Json.GetProperty("backlog").GetProperty("upserts");
        Assert.Equal((3, 0), (upserts.GetProperty("dead").GetInt32(), upserts.GetProperty("waiting").GetInt32()));
        Assert.Equal(
            ids.Order(StringComparer.Ordinal),
            upserts
                .GetProperty("oldest")
                .EnumerateArray()
                .Select(entry => entry.GetProperty("id").GetString()!)
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal("Cube refused it", upserts.GetProperty("oldest")[0].GetProperty("reason").GetString());

        (await lane.Http.ActAsync("replay", $$"""{"what":"upserts","ids":["{{ids[0]}}","{{new string('0', 64)}}"]}""")).AssertProblem(404);
        (await lane.Http.ActAsync("replay", """{"what":"everything"}""")).AssertProblem(400);
        (await lane.Http.ActAsync("drop", """{"what":"sync"}""")).AssertProblem(400);
        var dropped = await lane.Http.ActAsync("drop", $$"""{"what":"upserts","ids":["{{ids[0]}}"]}""");
        Assert.Equal((200, "1"), (dropped.Status, dropped["count"]));
        var replayed = await lane.Http.ActAsync("replay", """{"what":"upserts"}""");
        Assert.Equal((202, "2"), (replayed.Status, replayed["count"]));
        await lane.DeliverAsync(ids[1..]);
        Assert.Equal(["dropped", "delivered", "delivered"], (await lane.StatesAsync(ids)).Select(state => state.State));
        Assert.Equal(2, lane.Cube.Data.Customers(lane.Assignment).Count(customer => $"{customer["city"]}" == "Bodø"));
    }

    [Theory]
    [OverGenerations]
    public async Task Failed_items_are_shown_and_read_again_by_a_run_of_their_scopes(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await using var http = await TestHttp.StartAsync(app);
        cube.Faults.Add(new Fault { Kind = FaultKind.Forbidden403, PathContains = "/customers/" });
        await app.RunAsync(Core.Sync.RunRequest.Snapshot([FeedCatalogue.Customers]));
        await app.Get<Core.Operations.BacklogCounter>().CountAsync(TestContext.Current.CancellationToken);
        var failed = Assert.Single(
            (await http.GetAsync("status")).Json.GetProperty("backlog").GetProperty("failedItems").EnumerateArray().ToList()
        );
        Assert.Equal(
            ("customers", Scope.NameOf(api.PlacesOf())),
            (failed.GetProperty("feed").GetString(), failed.GetProperty("scope").GetString())
        );
        cube.Faults.Clear();
        (await http.ActAsync("replay", """{"what":"sync","ids":["x/y"]}""")).AssertProblem(404);
        var replayed = await http.ActAsync("replay", $$"""{"what":"sync","ids":["{{failed.GetProperty("id").GetString()}}"]}""");
        Assert.Equal((202, "1"), (replayed.Status, replayed["count"]));
        Assert.Equal(RunStatus.Succeeded, (await app.FinishAsync(replayed.Json.GetProperty("runs")[0].GetString()!)).Status);
    }

    [Theory]
    [OverGenerations]
    public async Task A_pause_is_shown_with_its_end_and_reason_and_lifted_by_name(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await using var http = await TestHttp.StartAsync(app);
        Assert.Empty((await http.GetAsync("pauses")).Json.EnumerateArray());
        var until = TimeProvider.System.GetUtcNow().AddMinutes(30);
        var flag = app.Services.GetServices<SharedFlag>().Single(flag => flag.Name == "cube");
        await flag.ExtendAsync(until, "Cube answered 429", "a test", TestContext.Current.CancellationToken);
        foreach (
            var pause in new[] { (await http.GetAsync("pauses")).Json[0], (await http.GetAsync("status")).Json.GetProperty("pauses")[0] }
        )
        {
            Assert.Equal(
                ("cube", "Cube answered 429", "a test"),
                (pause.GetProperty("name").GetString(), pause.GetProperty("reason").GetString(), pause.GetProperty("askedBy").GetString())
            );
            Assert.Equal(until, pause.GetProperty("until").GetDateTimeOffset(), TimeSpan.FromSeconds(1));
        }

        (await http.DeleteAsync("pauses/tea")).AssertProblem(404);
        Assert.Equal(204, (await http.DeleteAsync("pauses/cube")).Status);
        Assert.Empty((await http.GetAsync("pauses")).Json.EnumerateArray());
        Assert.Null(await flag.GetAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [OverGenerations]
    public async Task A_gap_is_listed_with_its_figures_and_accepted_under_a_name(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await using var http = await TestHttp.StartAsync(app);
        await app.Storage.Checkpoints.AddEntityAsync(
            new Azure.Data.Tables.TableEntity("campaign=17", "gap|responses|2026-11-20")
            {
                ["SchemaVersion"] = 1,
                ["State"] = "Open",
                ["ReportedCount"] = 12L,
                ["Records"] = 11L,
                ["Reason"] = "",
                ["Since"] = TimeProvider.System.GetUtcNow(),
                ["ReadAt"] = TimeProvider.System.GetUtcNow(),
            },
            TestContext.Current.CancellationToken
        );
        var gap = (await http.GetAsync("gaps")).Json[0];
        Assert.Equal((12, 11), (gap.GetProperty("reportedCount").GetInt32(), gap.GetProperty("records").GetInt32()));
        var id = gap.GetProperty("id").GetString();
        Assert.Equal(id, (await http.GetAsync("status")).Json.GetProperty("gaps")[0].GetProperty("id").GetString());
        (await http.ActAsync($"gaps/{id}/accept", "{}")).AssertProblem(400);
        (await http.ActAsync("gaps/campaign=17:responses:2026-11-21/accept", """{"by":"Kari"}""")).AssertProblem(404);
        Assert.Equal(204, (await http.ActAsync($"gaps/{id}/accept", """{"by":"Kari"}""")).Status);
        Assert.Equal("Kari", (await http.GetAsync("gaps")).Json[0].GetProperty("acceptedBy").GetString());
    }

    [Theory]
    [OverGenerations]
    public async Task Health_says_which_part_fails_and_nothing_else(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await using var http = await TestHttp.StartAsync(app);
        Assert.Equal(200, (await http.GetAsync("health/live")).Status);
        Assert.Equal(200, (await http.GetAsync("health/ready")).Status);
        await using var dark = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null, ("Cube__Token", "wrong"));
        await using var other = await TestHttp.StartAsync(dark);
        var ready = await other.GetAsync("health/ready");
        ready.AssertProblem(503);
        Assert.Equal("cube", ready["part"]);
        Assert.DoesNotContain("wrong", ready.Text, StringComparison.Ordinal);
        Assert.Equal((200, 200), ((await other.GetAsync("health")).Status, (await other.GetAsync("health/live")).Status));
    }

    private static async Task<(int Reads, Answer Answer)> ReadsAsync(TestHttp http, StorageProxy proxy)
    {
        var before = proxy.Reads;
        var answer = await http.GetAsync("status");
        Assert.Equal(200, answer.Status);
        return (proxy.Reads - before, answer);
    }
}
