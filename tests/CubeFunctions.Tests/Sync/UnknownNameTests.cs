using Azure;
using Azure.Data.Tables;
using Cube.Simulator;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Tests.Changes.Delivery;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Xunit;

namespace CubeFunctions.Tests.Sync;

/// <summary>A state or kind in a row that is no name costs that row, by name, and is never taken for another state.</summary>
public sealed class UnknownNameTests(AzuriteFixture azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;
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

    [Theory]
    [OverGenerations("State")]
    [OverGenerations("Kind")]
    [OverGenerations("Feed")]
    [OverGenerations("ScopeKind")]
    [OverGenerations("Today")]
    public async Task Of_an_item_it_fails_the_item(TenantApi api, string column)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, Token);
        var account = await azurite.NewAccountAsync();
        await using var app = await TestApp.StartAsync(account, cube);
        await using var other = await TestApp.StartAsync(account, cube);
        var start = await other.Get<RunPlanner>().StartAsync(Request, Token);
        var key = ItemRow.KeyOf(api.Calls(), new Scope(ScopeKind.Campaign, $"{cube.Data.CampaignIds()[0]}"));
        await GarbleAsync(app.Storage.Runs, start.RunId, key, column);
        var run = await app.FinishAsync(start.RunId);
        var failure = Assert.Single(run.Failures);
        Assert.Equal(($"{cube.Data.CampaignIds()[0]}", "Unexpected: its row cannot be read"), (failure.ScopeId, failure.Reason));
        Assert.Equal(RunStatus.Succeeded, (await app.RunAsync(Request)).Status);

        // What was put in its place can be read, and is not put there again.
        var stored = (await app.Storage.Runs.GetEntityAsync<TableEntity>(start.RunId, key, cancellationToken: Token)).Value;
        Assert.Equal(stored.ETag, (await app.Get<RunStore>().FindItemAsync(start.RunId, key, Token))!.ETag);
    }

    [Theory]
    [OverGenerations]
    public async Task Of_a_run_it_fails_the_run_and_the_next_tick_runs(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, Token);
        var account = await azurite.NewAccountAsync();
        await using var app = await TestApp.StartAsync(account, cube);
        await using var other = await TestApp.StartAsync(account, cube);
        var start = await other.Get<RunPlanner>().StartAsync(Request, Token);
        await GarbleAsync(app.Storage.Runs, RunRow.Partition, start.RunId, "Status");
        Assert.Empty(await app.Get<Janitor>().RunAsync(force: false, Token));
        var row = Assert.Single(await app.Get<RunReader>().RecentAsync(1, Token));
        Assert.Equal((RunStatus.Failed, "Unexpected: its row cannot be read"), (row.Status, row.Reason));
        Assert.Equal(RunStatus.Succeeded, (await app.RunAsync(Request)).Status);
    }

    [Theory]
    [OverGenerations]
    public async Task Of_a_gap_it_leaves_the_gap_open_and_nothing_stops(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, Token);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await app.RunAsync(Request);
        var scope = new Scope(ScopeKind.Campaign, $"{cube.Data.CampaignIds()[0]}");
        var day = cube.Data.Today.AddDays(-1);
        await app.Storage.Checkpoints.AddEntityAsync(
            new GapRow
            {
                PartitionKey = $"{scope}",
                RowKey = GapRow.KeyOf(api.Calls(), Window.Day(day)),
                State = GapState.Accepted,
                AcceptedBy = "x",
            },
            Token
        );
        await app.Storage.Checkpoints.UpdateEntityAsync(
            new TableEntity($"{scope}", api.Calls().Setting) { ["Gaps"] = 1 },
            ETag.All,
            TableUpdateMode.Merge,
            Token
        );
        await GarbleAsync(app.Storage.Checkpoints, $"{scope}", GapRow.KeyOf(api.Calls(), Window.Day(day)), "State");
        var gap = Assert.Single(await app.Get<GapStore>().ListAsync(Token));
        Assert.Equal((GapState.Open, "its row could not be read"), (gap.State, gap.Reason));
        Assert.Equal(RunStatus.Succeeded, (await app.RunAsync(Request)).Status);
        Assert.Empty(await app.Get<GapStore>().ListAsync(Token));
    }

    [Theory]
    [OverGenerations]
    public async Task Of_a_delivery_it_is_dead_until_it_is_sent_again(TenantApi api)
    {
        var customers = RunRequest.Snapshot([FeedCatalogue.Customers]);
        var clock = new ShiftedClock(new DateTimeOffset(2026, 6, 10, 9, 0, 0, TimeSpan.Zero));
        await using var receiver = await TestReceiver.StartAsync();
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, clock, Token);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, clock, receiver.Settings());
        await app.RunAsync(customers);
        cube.Data.EditCustomer(cube.Data.AssignmentIds[0], 10_000_001, "phone_3", "Bodø");
        await app.RunAsync(customers);
        var row = Assert.Single(await DeliveryPump.RowsAsync(app, DeliveryState.Waiting));
        await GarbleAsync(app.Storage.Changes, row.PartitionKey, row.RowKey, "State");
        await app.Get<DeliveryJanitor>().RunOnceAsync(force: false, Token);
        Assert.Equal("its row cannot be read", Assert.Single(await DeliveryPump.RowsAsync(app, DeliveryState.Dead)).Reason);
        Assert.Equal(1, (await app.Get<DeliveryReader>().ReplayAsync([], Token)).Count);
        await DeliveryPump.DeliverAsync(app, clock, TimeSpan.FromMinutes(5));
        Assert.Equal("updated", (string)Assert.Single(receiver.Taken)["op"]!);
    }

    [Theory]
    [OverGenerations]
    public async Task Of_an_upsert_or_an_erasure_a_person_sees_it(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(
            azurite,
            Options with
            {
                Api = api,
            },
            null,
            ("Upserts__Senders__crm__Kind", "json"),
            ("Upserts__Senders__crm__Secret", "test-secret")
        );
        var id = (await lane.HookAsync("""{"customer_id":"1","city":"Bodø"}"""))[0];
        await GarbleAsync(lane.App.Storage.Upserts, id[..32], id[32..], "State");
        await lane.App.Get<UpsertJanitor>().RunOnceAsync(force: false, Token);
        var dead = Assert.Single(await lane.App.Get<UpsertReader>().InStateAsync(UpsertState.Dead, 10, Token));
        Assert.Equal((id, "its row cannot be read"), (dead.PartitionKey + dead.RowKey, dead.Reason));

        var (lost, kept) = ("20260101T000000000Z-abcdef", "20260101T000000000Z-fedcba");
        await lane
            .App.Storage.Inbox.GetBlobClient($"erasures/{kept}")
            .UploadAsync(new BinaryData("""{"assignment":"17","customer":"none"}"""), Token);
        foreach (var erasure in new[] { lost, kept })
        {
            await lane.App.Storage.Runs.AddEntityAsync(new ErasureRow { RowKey = erasure, State = ErasureState.Done }, Token);
            await GarbleAsync(lane.App.Storage.Runs, ErasureRow.Partition, erasure, "State");
        }

        Assert.Empty(await lane.App.Get<Janitor>().RunAsync(force: true, Token));
        Assert.Equal(ErasureState.Failed, (await lane.App.Get<ErasureOrders>().FindAsync(lost, Token))!.State);
        Assert.Equal(ErasureState.Done, (await lane.App.Get<ErasureOrders>().FindAsync(kept, Token))!.State);
    }

    [Theory]
    [OverGenerations]
    public async Task Of_the_generation_it_stops_reading_by_name(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, Token);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube);
        await app.Storage.Checkpoints.AddEntityAsync(
            new TableEntity("cube", "generation") { ["Api"] = "Assignmnets", ["Since"] = TimeProvider.System.GetUtcNow() },
            Token
        );
        var run = await app.RunAsync(Request);
        Assert.Equal(RunStatus.Failed, run.Status);
        AtLeastOne.All(
            run.Failures,
            failure => Assert.Contains("the row that keeps the generation", failure.Reason, StringComparison.Ordinal)
        );
        Assert.NotEmpty(run.Failures);
    }

    private static async Task GarbleAsync(TableClient table, string partition, string key, string column) =>
        await table.UpdateEntityAsync(new TableEntity(partition, key) { [column] = "Wating" }, ETag.All, TableUpdateMode.Merge, Token);
}
