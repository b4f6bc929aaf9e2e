using Cube.Simulator;
using CubeFunctions.Tests.Operations;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Microsoft.Extensions.Logging;
using Xunit;

namespace CubeFunctions.Tests.Generations;

/// <summary>Upserts to a tenant of generation 2, for which no write request is documented.</summary>
public sealed class UpsertTests(AzuriteFixture azurite)
{
    private static readonly (string, string)[] Sender =
    [
        ("Upserts__Senders__crm__Kind", "json"),
        ("Upserts__Senders__crm__Secret", "test-secret"),
    ];

    [Fact]
    public async Task They_are_accepted_and_merged_and_wait_with_the_reason_until_somebody_decides()
    {
        await using var lane = await Lane.StartAsync(azurite, Options(), null, [("Cube__Writes", ""), .. Sender]);
        await lane.SnapshotAsync();
        var imported = ImportedOf(lane, 2);
        var ids = await lane.PostAsync(Body(imported, "Hamar"));
        ids.AddRange(await lane.HookAsync(Body(imported, "Bodø")));
        using (var queue = lane.App.Worker(Core.Storage.StorageNames.UpsertsQueue, lane.App.Get<Core.Upserts.UpsertWorker>().HandleAsync))
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken))
        {
            var work = queue.RunAsync(stop.Token);
            await WaitFor.TrueAsync(
                async () =>
                    (await lane.StatesAsync(ids)).TrueForAll(state =>
                        state.Reason?.StartsWith("no write request is documented", StringComparison.Ordinal) == true
                    ),
                TimeSpan.FromSeconds(60)
            );
            await stop.CancelAsync();
            await work;
        }

        AtLeastOne.All(await lane.StatesAsync(ids), state => Assert.Equal("waiting", state.State));
        Assert.Empty(lane.Cube.Data.Writes);
        Assert.DoesNotContain(lane.Cube.Requests.All, request => request.Method is "PUT" or "POST");
        Assert.Single(
            lane.App.Logs.Lines,
            line => line.Level == LogLevel.Error && line.Text.Contains("no write request is documented", StringComparison.Ordinal)
        );
        var status = await lane.Http.GetAsync("status");
        Assert.Equal("DataOwners", status["api"]);
        Assert.StartsWith("no write request is documented", status["writesOff"], StringComparison.Ordinal);

        // Somebody has decided: what waited goes, the newest value last.
        await using var app = await TestApp.StartAsync(
            lane.Storage,
            lane.Cube,
            null,
            [("Cube__Writes", "true"), ("Upserts__Senders__crm__AssignmentId", lane.Place), .. Sender]
        );
        using var writing = app.Worker(Core.Storage.StorageNames.UpsertsQueue, app.Get<Core.Upserts.UpsertWorker>().HandleAsync);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var done = writing.RunAsync(end.Token);
        await WaitFor.TrueAsync(
            async () =>
            {
                await app.Get<Core.Upserts.UpsertJanitor>().RunOnceAsync(force: true, TestContext.Current.CancellationToken);
                return (await lane.StatesAsync(ids)).TrueForAll(state => state.State is "delivered" or "superseded");
            },
            TimeSpan.FromSeconds(60)
        );
        await end.CancelAsync();
        await done;
        Assert.Equal(
            "Bodø",
            $"{lane.Cube.Data.Customer(lane.Assignment, lane.Cube.Data.FindCustomer(lane.Assignment, imported)!.Value)!["city"]}"
        );
    }

    [Theory]
    [InlineData]
    [InlineData(Variant.CustomersUnderCrm, Variant.CrmTypeFreeNames)]
    [InlineData(Variant.CustomersEarly)]
    [InlineData(Variant.ByteOrderMark)]
    public async Task Where_they_are_switched_on_those_of_generation_1_are_tried_on_the_path_of_the_CRM(params Variant[] variants)
    {
        await using var lane = await Lane.StartAsync(azurite, Options(variants), null, Sender);
        await lane.SnapshotAsync();
        var imported = ImportedOf(lane, 2);
        var ids = await lane.PostAsync(Body(imported, "Hamar"));
        ids.AddRange(await lane.HookAsync("""{"customer_id":"NY-1","name":"Kari Ny"}"""));
        await lane.DeliverAsync(ids);
        AtLeastOne.All(await lane.StatesAsync(ids), state => Assert.Equal(("delivered", null), state));
        Assert.Equal("Hamar", $"{lane.Record(imported)["city"]}");
        Assert.Equal("Kari Ny", $"{lane.Record("NY-1")["name"]}");
        AtLeastOne.All(
            lane.Cube.Requests.All.Where(request => request.Method is "PUT" or "POST"),
            request => Assert.StartsWith("/api/v1/data_owners/", request.Path, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData(Variant.Writes404)]
    [InlineData(Variant.Writes405)]
    public async Task A_tenant_that_does_not_take_them_keeps_them_waiting(Variant variant)
    {
        await using var lane = await Lane.StartAsync(azurite, Options(variant), null, Sender);
        await lane.SnapshotAsync();
        var ids = await lane.PostAsync(Body(ImportedOf(lane, 2), "Hamar"));
        using var queue = lane.App.Worker(Core.Storage.StorageNames.UpsertsQueue, lane.App.Get<Core.Upserts.UpsertWorker>().HandleAsync);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var work = queue.RunAsync(stop.Token);
        await WaitFor.TrueAsync(async () => (await lane.StatesAsync(ids))[0].Reason is not null, TimeSpan.FromSeconds(60));
        await stop.CancelAsync();
        await work;
        Assert.Equal("waiting", (await lane.StatesAsync(ids))[0].State);
        Assert.Contains("writes are not enabled on this tenant", (await lane.StatesAsync(ids))[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_customer_is_created_by_ids_in_the_body_where_the_tenant_has_no_other_form_and_that_is_remembered()
    {
        await using var lane = await Lane.StartAsync(
            azurite,
            Options(Variant.CreateInBody) with
            {
                Api = TenantApi.Assignments,
            },
            null,
            Sender
        );
        await lane.SnapshotAsync();
        await lane.DeliverAsync(await lane.HookAsync("""{"customer_id":"NY-1","name":"Kari Ny"}"""));
        await lane.DeliverAsync(await lane.HookAsync("""{"customer_id":"NY-2","name":"Ola Ny"}"""));
        Assert.Equal(("Kari Ny", "Ola Ny"), ($"{lane.Record("NY-1")["name"]}", $"{lane.Record("NY-2")["name"]}"));
        Assert.Equal(
            [$"/api/v1/assignments/{lane.Assignment}/customers/NY-1", "/crm/customers", "/crm/customers"],
            lane.Cube.Requests.All.Where(request => request.Method == "POST").Select(request => request.Path)
        );
    }

    private static SimulatorOptions Options(params Variant[] variants) =>
        GenerationTenant.Small with
        {
            Api = TenantApi.DataOwners,
            Variants = variants,
            AnonymisedPerThousand = 0,
        };

    private static string Body(string imported, string city) => $$"""{"customer_id":"{{imported}}","city":"{{city}}"}""";

    private static string ImportedOf(Lane lane, int index) =>
        $"{lane.Cube.Data.Customer(lane.Assignment, lane.Cube.Data.CustomerIds(lane.Assignment).ElementAt(index))!["customer_id"]}";
}
