using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Operations;

/// <summary>Runs started, looked at and cancelled over HTTP.</summary>
public sealed class RunOperationTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Tenant = new()
    {
        Campaigns = 2,
        CampaignsPerAssignment = 2,
        CustomersPerAssignment = 60,
        ResponsesPerCampaignPerDay = 3,
    };

    [Theory]
    [OverGenerations]
    public async Task A_backfill_is_started_once_a_key_and_can_be_followed_to_its_end(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await using var http = await TestHttp.StartAsync(app);
        var campaign = cube.Data.CampaignIds()[0];
        var order =
            $$"""{"kind":"Manual","from":"{{cube.Data.Today.AddDays(-3).Iso()}}","to":"{{cube.Data.Today.AddDays(-1).Iso()}}","campaigns":["{{campaign}}"],"feeds":["{{api.Calls().Name}}"],"deliver":true}""";

        var started = await http.ActAsync("runs", order, "key-1");
        Assert.Equal((202, TimeSpan.FromSeconds(5)), (started.Status, started.RetryAfter));
        Assert.Equal($"/api/runs/{started["runId"]}", started.Location);
        Assert.Equal(started["runId"], (await http.ActAsync("runs", order, "key-1"))["runId"]);
        (await http.ActAsync("runs", """{"kind":"Snapshot"}""", "key-1")).AssertProblem(422);

        Assert.Equal(RunStatus.Succeeded, (await app.FinishAsync(started["runId"])).Status);
        var run = await http.GetAsync(started.Location!["/api/".Length..]);
        Assert.Equal(
            ("Succeeded", "Manual"),
            (run.Json.GetProperty("run").GetProperty("status").GetString(), run.Json.GetProperty("run").GetProperty("kind").GetString())
        );
        Assert.Equal(
            new[] { "campaigns", api.Calls().Name }.Order(StringComparer.Ordinal),
            run.Json.GetProperty("items")
                .EnumerateArray()
                .Select(item => item.GetProperty("feed").GetString())
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            started["runId"],
            Assert.Single((await http.GetAsync("runs")).Json.EnumerateArray().ToList()).GetProperty("runId").GetString()
        );
    }

    [Theory]
    [OverGenerations("""{"kind":"Sometimes"}""", "kind")]
    [OverGenerations("""{"feeds":["response"]}""", "feeds")]
    [OverGenerations("""{"from":"2026-13-01"}""", "from")]
    [OverGenerations("""{"from":"2999-01-01"}""", "from")]
    [OverGenerations("""{"campaigns":["../x"]}""", "campaigns")]
    [OverGenerations("""{"kind":"Snapshot","deliver":true}""", "deliver")]
    [OverGenerations("""{"campaign":["1"]}""", "JSON")]
    [OverGenerations("""[]""", "JSON")]
    [OverGenerations("""{"kind":""", "JSON")]
    public async Task A_wrong_order_is_refused_by_name_and_starts_nothing(TenantApi api, string order, string named)
    {
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await using var http = await TestHttp.StartAsync(app);
        var answer = await http.ActAsync("runs", order, "key");
        answer.AssertProblem(400);
        Assert.Contains(named, answer["detail"], StringComparison.Ordinal);
        Assert.Empty((await http.GetAsync("runs")).Json.EnumerateArray());

        // The key is free again.
        Assert.Equal(202, (await http.ActAsync("runs", """{"kind":"Snapshot"}""", "key")).Status);
    }

    [Theory]
    [OverGenerations]
    public async Task A_run_that_is_cancelled_before_anybody_works_on_it_ends_at_once_and_the_next_one_does_its_work(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Tenant.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await using var http = await TestHttp.StartAsync(app);
        var id = (await http.ActAsync("runs", """{"kind":"Snapshot"}"""))["runId"];
        (await http.ActAsync("runs", """{"kind":"Snapshot"}""")).AssertProblem(409);
        var cancelled = await http.ActAsync($"runs/{id}/cancel");
        Assert.Equal((202, $"/api/runs/{id}", "Cancelled"), (cancelled.Status, cancelled.Location, cancelled["status"]));
        (await http.ActAsync($"runs/{id}/cancel")).AssertProblem(409);
        (await http.ActAsync("runs/20260101T000000000Z-abcdef/cancel")).AssertProblem(404);
        (await http.GetAsync("runs/20260101T000000000Z-abcdef")).AssertProblem(404);
        AtLeastOne.All(
            (await http.GetAsync($"runs/{id}"))
                .Json.GetProperty("items")
                .EnumerateArray()
                .Where(item => item.GetProperty("feed").GetString() != "campaigns")
                .ToList(),
            item => Assert.Equal("Cancelled", item.GetProperty("state").GetString())
        );

        // Its messages are still in the queue: they read nothing.
        var next = (await http.ActAsync("runs", """{"kind":"Snapshot"}"""))["runId"];
        Assert.Equal(RunStatus.Succeeded, (await app.FinishAsync(next)).Status);
        (await http.ActAsync($"runs/{next}/cancel")).AssertProblem(409);
        Assert.Equal(
            RunStatus.Cancelled,
            (await app.Get<RunReader>().FindManifestAsync(id, TestContext.Current.CancellationToken))!.Status
        );
        Assert.DoesNotContain(
            await PagesAsync(app),
            page => page.Contains($"run={id}", StringComparison.Ordinal) && !page.StartsWith("campaigns/", StringComparison.Ordinal)
        );
        await RawLedger.CheckAllAsync(app.Storage.Raw);
    }

    [Theory]
    [OverGenerations]
    public async Task A_run_that_is_cancelled_at_work_stores_no_page_after_a_few_seconds_and_the_next_one_goes_on(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            (Tenant with { CustomersPerAssignment = 20_000, PageSize = 20 }).EarlyIn(api),
            null,
            TestContext.Current.CancellationToken
        );
        cube.Faults.Add(
            new Fault
            {
                Kind = FaultKind.SlowBody,
                PathContains = "/customers/",
                Duration = TimeSpan.FromMilliseconds(100),
            }
        );
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await using var http = await TestHttp.StartAsync(app);
        var id = (await http.ActAsync("runs", """{"kind":"Manual","feeds":["customers"]}"""))["runId"];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var work = app.WorkAsync(stop.Token);
        await WaitFor.TrueAsync(
            async () => (await PagesAsync(app)).Count(page => page.StartsWith("customers/", StringComparison.Ordinal)) > 20,
            TimeSpan.FromSeconds(60)
        );
        Assert.Equal("Cancelled", (await http.ActAsync($"runs/{id}/cancel"))["status"]);
        var cancelled = TimeProvider.System.GetTimestamp();
        var (last, count) = (TimeProvider.System.GetTimestamp(), -1);
        await WaitFor.TrueAsync(
            async () =>
            {
                var pages = (await PagesAsync(app)).Count;
                (last, count) = pages == count ? (last, count) : (TimeProvider.System.GetTimestamp(), pages);
                return TimeProvider.System.GetElapsedTime(last) > TimeSpan.FromSeconds(4);
            },
            TimeSpan.FromSeconds(60)
        );
        Assert.True(
            TimeProvider.System.GetElapsedTime(cancelled, last) < TimeSpan.FromSeconds(5),
            $"{TimeProvider.System.GetElapsedTime(cancelled, last)}"
        );
        await stop.CancelAsync();
        await work;
        cube.Faults.Clear();
        Assert.Equal(RunStatus.Succeeded, (await app.RunAsync(new RunRequest(RunKind.Manual, [FeedCatalogue.Customers]))).Status);
        // Pages of the window that was being read stay, named by no manifest, until the lifecycle rules remove them.
        await RawLedger.CheckAllAsync(app.Storage.Raw, leftovers: true);
    }

    private static async Task<List<string>> PagesAsync(TestApp app) =>
        await app
            .Storage.Raw.GetBlobsAsync(cancellationToken: TestContext.Current.CancellationToken)
            .Select(blob => blob.Name)
            .Where(name => name.Contains("/page-", StringComparison.Ordinal))
            .ToListAsync();
}
