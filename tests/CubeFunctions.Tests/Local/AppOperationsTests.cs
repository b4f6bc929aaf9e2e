using Azure.Data.Tables;
using Cube.Simulator;
using CubeFunctions.Core.Operations;
using CubeFunctions.Core.Storage;
using CubeFunctions.Local.Operations;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CubeFunctions.Tests.Local;

/// <summary>What commands ask an app for goes to its routes and comes back whole.</summary>
public sealed class AppOperationsTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Tenant = new()
    {
        Campaigns = 2,
        CampaignsPerAssignment = 2,
        CustomersPerAssignment = 60,
    };

    [Theory]
    [OverGenerations]
    public async Task Pauses_and_gaps_are_listed_lifted_and_accepted(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Tenant.EarlyIn(api));
        await using var app = Connect(lane);
        Assert.Empty(await app.ListPausesAsync(Cancelled));
        var flag = lane.App.Services.GetServices<SharedFlag>().Single(flag => flag.Name == "cube");
        await flag.ExtendAsync(TimeProvider.System.GetUtcNow().AddMinutes(30), "Cube answered 429", "a test", Cancelled);
        var pause = Assert.Single(await app.ListPausesAsync(Cancelled));
        Assert.Equal(("cube", "Cube answered 429", "a test"), (pause.Name, pause.Reason, pause.AskedBy));
        await app.LiftPauseAsync("cube", Cancelled);
        Assert.Empty(await app.ListPausesAsync(Cancelled));
        Assert.Equal(404, (await Assert.ThrowsAsync<OperationException>(() => app.LiftPauseAsync("tea", Cancelled))).Status);

        await lane.App.Storage.Checkpoints.AddEntityAsync(
            new TableEntity("campaign=17", "gap|responses|2026-11-20")
            {
                ["SchemaVersion"] = 1,
                ["State"] = "Open",
                ["ReportedCount"] = 30L,
                ["Records"] = 10L,
                ["Reason"] = "",
                ["Since"] = TimeProvider.System.GetUtcNow().AddDays(-1),
                ["ReadAt"] = TimeProvider.System.GetUtcNow(),
            },
            Cancelled
        );
        var gap = Assert.Single(await app.ListGapsAsync(Cancelled));
        Assert.Equal(("responses", "17", 30, 10, null), (gap.Feed, gap.ScopeId, gap.ReportedCount, gap.Records, gap.AcceptedBy));
        await app.AcceptGapAsync(gap.Id, new AcceptOrder { By = "A. Person" }, Cancelled);
        Assert.Equal("A. Person", Assert.Single(await app.ListGapsAsync(Cancelled)).AcceptedBy);
    }

    [Theory]
    [OverGenerations]
    public async Task Customers_are_put_and_followed_and_the_dead_dropped(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Tenant.EarlyIn(api));
        await lane.SnapshotAsync();
        await using var app = Connect(lane);
        var customer = lane.Cube.Data.Customers(lane.Assignment).First()["customer_id"];
        var ids = await app.PutCustomersAsync(
            lane.Place,
            System.Text.Encoding.UTF8.GetBytes($$"""[{"customer_id":"{{customer}}","city":"Bodø"}]"""),
            Cancelled
        );
        Assert.Equal("waiting", (await app.ReadUpsertAsync(Assert.Single(ids), Cancelled)).State);
        await lane.DeliverAsync([.. ids]);
        Assert.Equal("delivered", (await app.ReadUpsertAsync(ids[0], Cancelled)).State);
        Assert.Equal(
            400,
            (await Assert.ThrowsAsync<OperationException>(() => app.PutCustomersAsync(lane.Place, "[{}]"u8.ToArray(), Cancelled))).Status
        );

        Assert.Equal(0, (await app.DropAsync(new DeadWorkOrder { What = "upserts" }, Cancelled)).Count);
        Assert.Equal("Succeeded", Assert.Single(await app.ListRunsAsync(1, Cancelled)).Status);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static AppOperations Connect(Lane lane) =>
        new(new AppClient(AppAddress.Parse(lane.Http.Client.BaseAddress!.ToString()), new AppKey(null, null)));
}
