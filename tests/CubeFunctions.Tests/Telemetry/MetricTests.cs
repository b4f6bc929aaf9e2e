using System.Text;
using Cube.Simulator;
using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Endpoints;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Tests.Changes.Delivery;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CubeFunctions.Tests.Telemetry;

/// <summary>Each metric moves as what it measures does.</summary>
public sealed class MetricTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Small = new()
    {
        Campaigns = 2,
        CampaignsPerAssignment = 2,
        CustomersPerAssignment = 120,
        PageSize = 50,
        AnonymisedPerThousand = 0,
    };

    private static RunRequest Customers => RunRequest.Snapshot([FeedCatalogue.Customers]);

    [Theory]
    [OverGenerations]
    public async Task A_run_counts_items_pages_records_bytes_retries_and_how_stale_its_scopes_are(TenantApi api)
    {
        using var metrics = new MetricCollector();
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        var (refused, shortened) = (cube.Data.CampaignIds()[0], cube.Data.CampaignIds()[^1]);
        cube.Faults.Add("500=1,times=2,path=/customers/");
        cube.Faults.Add($"403=1,path=/{refused}/{api.Calls().Name}/");
        cube.Faults.Add($"short=1,path=/{shortened}/{api.Calls().Name}/");
        var run = await app.RunAsync(new RunRequest(RunKind.Manual, [FeedCatalogue.Customers, api.Calls()]));
        Assert.Equal((1, 1), (run.Items.Failed, run.Items.Unproven));
        Assert.Equal(1, metrics.Sum(CubeMetrics.ItemsFailed, $"feed={api.Calls().Name}", "scope=campaign", "reason=Forbidden"));
        Assert.Equal(1, metrics.Sum(CubeMetrics.ItemsUnproven, $"feed={api.Calls().Name}", "scope=campaign"));
        Assert.Equal(1, metrics.Sum(CubeMetrics.ItemsSucceeded, "feed=customers", $"scope={Scope.NameOf(api.PlacesOf())}"));
        Assert.Equal(2, metrics.Sum(CubeMetrics.RequestsRetried, "reason=500"));
        Assert.Equal((3, 120), (metrics.Sum(CubeMetrics.Pages, "feed=customers"), metrics.Sum(CubeMetrics.Records, "feed=customers")));
        Assert.Equal(metrics.Sum(CubeMetrics.Pages), metrics.Count(CubeMetrics.PageDuration));
        Assert.True(metrics.Sum(CubeMetrics.PageDuration, "feed=customers") > 0);
        Assert.True(metrics.Sum(CubeMetrics.Bytes, "feed=customers") > 120 * 50);

        await app.Get<Janitor>().RunAsync(force: false, TestContext.Current.CancellationToken);
        Assert.InRange(metrics.Last(CubeMetrics.Staleness, "feed=customers", $"scope={Scope.NameOf(api.PlacesOf())}"), 0, 1);
        Assert.Equal(0, metrics.Last(CubeMetrics.Gaps, "feed=customers", $"scope={Scope.NameOf(api.PlacesOf())}"));
    }

    [Theory]
    [OverGenerations]
    public async Task A_pause_that_Cube_asks_for_reschedules_items_and_is_measured_and_so_are_poison_and_old_messages(TenantApi api)
    {
        using var metrics = new MetricCollector();
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube.BaseUrl, clock);
        await app.Get<RunPlanner>().StartAsync(Customers, TestContext.Current.CancellationToken);
        var waiting = (
            await app.Storage.Queue(StorageNames.SyncQueue).ReceiveMessageAsync(cancellationToken: TestContext.Current.CancellationToken)
        ).Value.Body.ToString();
        await app.Get<QueueNotifier<SyncMessage>>()
            .SendAsync(QueueMessages.Read<SyncMessage>(waiting), TimeSpan.Zero, TestContext.Current.CancellationToken);
        cube.Faults.Add("429=1,times=1,seconds=120");
        await app.Get<ItemWorker>().HandleAsync(waiting, TestContext.Current.CancellationToken);
        Assert.InRange(metrics.Last(CubeMetrics.Paused), 110, 120);
        Assert.Equal(1, metrics.Sum(CubeMetrics.ItemsRescheduled, "feed=customers", "reason=Paused"));

        clock.Advance(TimeSpan.FromSeconds(60));
        await app.Get<Janitor>().RunAsync(force: false, TestContext.Current.CancellationToken);
        Assert.InRange(metrics.Last(CubeMetrics.Pauses, "name=cube"), 60, 90);
        Assert.Equal(0, metrics.Last(CubeMetrics.Pauses, "name=receiver"));
        Assert.InRange(metrics.Last(CubeMetrics.QueueAge, $"queue={StorageNames.SyncQueue}"), 60, 90);
        Assert.Equal(0, metrics.Last(CubeMetrics.QueueAge, $"queue={StorageNames.ChangesQueue}"));

        await app.Get<ItemWorker>().HandlePoisonAsync("not ours", TestContext.Current.CancellationToken);
        Assert.Equal(1, metrics.Sum(CubeMetrics.Poison, $"queue={StorageNames.SyncQueue}"));
    }

    [Theory]
    [OverGenerations]
    public async Task Upserts_are_counted_by_outcome_and_those_that_wait_for_writes_are_shown(TenantApi api)
    {
        using var metrics = new MetricCollector();
        await using var lane = await Lane.StartAsync(
            azurite,
            Small.EarlyIn(api),
            null,
            ("Upserts__Senders__crm__Kind", "json"),
            ("Upserts__Senders__crm__Secret", "test-secret")
        );
        await lane.SnapshotAsync();
        var ids = lane.ImportedIds();
        await lane.DeliverAsync(await HookAsync(lane, ids[0]));
        lane.Cube.Faults.Add("bad-request=1,times=1");
        await lane.DeliverAsync(await HookAsync(lane, ids[1]));
        await HookAsync(lane, ids[1], "another secret");
        Assert.Equal(2, metrics.Sum(CubeMetrics.UpsertsAccepted, "sender=crm"));
        Assert.Equal(1, metrics.Sum(CubeMetrics.UpsertsDelivered, "sender=crm", "state=Delivered"));
        Assert.Equal(1, metrics.Sum(CubeMetrics.UpsertsDead, "sender=crm", "state=Dead"));
        Assert.Equal(
            (2, 1),
            (
                metrics.Sum(CubeMetrics.WebhookAnswers, "kind=Json", "status=2xx"),
                metrics.Sum(CubeMetrics.WebhookAnswers, "kind=Json", "status=4xx")
            )
        );
        await lane.App.Get<UpsertJanitor>().RunOnceAsync(force: false, TestContext.Current.CancellationToken);
        Assert.Equal(0, metrics.Last(CubeMetrics.UpsertsHeld, "by=tenant"));

        Assert.Single(await HookAsync(lane, ids[2]));
        await lane
            .App.Get<TenantWrites>()
            .Flag.ExtendAsync(TimeProvider.System.GetUtcNow().AddMinutes(10), "405", null, TestContext.Current.CancellationToken);
        await using var other = await TestApp.StartAsync(lane.Storage, lane.Cube.BaseUrl, null, ("Cube__Writes", "true"));
        await other.Get<UpsertJanitor>().RunOnceAsync(force: false, TestContext.Current.CancellationToken);
        Assert.Equal((1, 0), (metrics.Last(CubeMetrics.UpsertsHeld, "by=tenant"), metrics.Last(CubeMetrics.UpsertsHeld, "by=settings")));

        await using var kept = await TestApp.StartAsync(lane.Storage, lane.Cube.BaseUrl, null, ("Cube__Writes", "false"));
        await kept.Get<UpsertJanitor>().RunOnceAsync(force: false, TestContext.Current.CancellationToken);
        Assert.Equal((0, 1), (metrics.Last(CubeMetrics.UpsertsHeld, "by=tenant"), metrics.Last(CubeMetrics.UpsertsHeld, "by=settings")));
    }

    [Theory]
    [OverGenerations]
    public async Task Changes_are_counted_by_op_and_by_whether_they_arrived(TenantApi api)
    {
        using var metrics = new MetricCollector();
        await using var receiver = await TestReceiver.StartAsync();
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null, receiver.Settings());
        var assignment = cube.Data.AssignmentIds[0];
        await app.RunAsync(Customers);
        cube.Data.EditCustomer(assignment, 10_000_001, "city", "Hamar");
        cube.Data.EditCustomer(assignment, 10_000_002, "city", "Hamar");
        cube.Data.AddCustomer(assignment);
        await app.RunAsync(Customers);
        await DeliverAsync(app, cube.Data.PlaceOf(assignment));
        Assert.Equal(2, metrics.Sum(CubeMetrics.ChangesFound, "feed=customers", "op=updated", "origin=cube"));
        Assert.Equal(1, metrics.Sum(CubeMetrics.ChangesFound, "feed=customers", "op=created", "origin=cube"));
        Assert.Equal(3, metrics.Sum(CubeMetrics.ChangesDelivered));
        Assert.Equal(0, metrics.Sum(CubeMetrics.ChangesUndelivered));

        receiver.Decide = _ => new TestReceiver.Answer(410);
        cube.Data.EditCustomer(assignment, 10_000_003, "city", "Hamar");
        await app.RunAsync(Customers);
        await DeliverAsync(app, cube.Data.PlaceOf(assignment));
        Assert.Equal(1, metrics.Sum(CubeMetrics.ChangesUndelivered, "reason=Gone"));
        cube.Data.LosePermission(assignment);
        await app.RunAsync(Customers);
        Assert.InRange(metrics.Sum(CubeMetrics.DeletionsHeldBack, "feed=customers"), 50, 121);
    }

    /// <summary>Posts without a server in between: what is measured belongs to the test's own flow.</summary>
    /// <returns>Ids of the upserts that wait.</returns>
    private static async Task<List<string>> HookAsync(Lane lane, string customer, string secret = "test-secret")
    {
        var request = new DefaultHttpContext().Request;
        request.Method = "POST";
        request.ContentType = "application/json";
        request.Headers["x-webhook-secret"] = secret;
        request.Body = new MemoryStream(Encoding.UTF8.GetBytes($$"""{"customer_id":"{{customer}}","city":"Hamar"}"""));
        request.ContentLength = request.Body.Length;
        await lane.App.Get<UpsertEndpoints>().ReceiveAsync(request, "crm", TestContext.Current.CancellationToken);
        return
        [
            .. (await lane.App.Get<UpsertReader>().InStateAsync(UpsertState.Waiting, 10, TestContext.Current.CancellationToken)).Select(
                row => row.Id
            ),
        ];
    }

    private static Task DeliverAsync(TestApp app, Scope place) =>
        app.Get<DeliveryWorker>().DeliverAsync(ChangeStream.NameOf(FeedCatalogue.Customers, place), TestContext.Current.CancellationToken);
}
