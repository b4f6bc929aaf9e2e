using Cube.Simulator;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

/// <summary>The right person or nobody: decided at each delivery, by the newest proven snapshot and by the record itself.</summary>
public sealed class RightPersonTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Options = new()
    {
        Campaigns = 1,
        CustomersPerAssignment = 20,
        AnonymisedPerThousand = 0,
    };

    [Theory]
    [OverGenerations(First = true)]
    public async Task A_record_that_was_given_another_id_is_nobodys_any_more_once_a_snapshot_says_so(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api));
        await lane.SnapshotAsync();
        var imported = lane.ImportedIds()[0];
        var record = lane.Cube.Data.FindCustomer(lane.Assignment, imported)!.Value;
        await lane.DeliverAsync(await lane.PostAsync($$"""{"customer_id":"{{imported}}","city":"Hamar"}"""));
        lane.Cube.Data.RekeyCustomer(lane.Assignment, record, "999999");
        await lane.SnapshotAsync();

        var ids = await lane.PostAsync($$"""{"customer_id":"{{imported}}","city":"Bodø"}""");
        await lane.DeliverAsync(ids);

        var other = lane.Cube.Data.Customer(lane.Assignment, record)!;
        Assert.Equal(("999999", "Hamar"), ($"{other["customer_id"]}", $"{other["city"]}"));
        Assert.Equal("delivered", (await lane.StatesAsync(ids))[0].State);
        Assert.Equal("Bodø", $"{lane.Record(imported)["city"]}");
        Assert.NotEqual(record, lane.Cube.Data.FindCustomer(lane.Assignment, imported));
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task A_record_that_was_given_another_id_since_the_snapshot_is_not_written_to(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api));
        await lane.SnapshotAsync();
        var imported = lane.ImportedIds()[0];
        var record = lane.Cube.Data.FindCustomer(lane.Assignment, imported)!.Value;
        await lane.DeliverAsync(await lane.PostAsync($$"""{"customer_id":"{{imported}}","city":"Hamar"}"""));
        lane.Cube.Data.RekeyCustomer(lane.Assignment, record, "999999");

        var ids = await lane.PostAsync($$"""{"customer_id":"{{imported}}","city":"Bodø"}""");
        await lane.PumpUntilRefusedAsync(ids[0]);

        Assert.Equal("Hamar", $"{lane.Cube.Data.Customer(lane.Assignment, record)!["city"]}");
        Assert.Equal(
            ("waiting", "the customer is not in Cube any more where the newest snapshot has them"),
            (await lane.StatesAsync(ids))[0]
        );
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task Two_records_with_the_id_are_a_reason_to_write_to_neither(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api));
        await lane.SnapshotAsync();
        var imported = lane.ImportedIds()[0];
        var record = lane.Cube.Data.FindCustomer(lane.Assignment, imported)!.Value;
        await lane.DeliverAsync(await lane.PostAsync($$"""{"customer_id":"{{imported}}","city":"Hamar"}"""));
        var twin = lane.Cube.Data.DuplicateCustomer(lane.Assignment, record);
        await lane.SnapshotAsync();

        var ids = await lane.PostAsync($$"""{"customer_id":"{{imported}}","city":"Bodø"}""");
        await lane.DeliverAsync(ids);

        Assert.Equal(("dead", "more than one customer in Cube has this imported id"), (await lane.StatesAsync(ids))[0]);
        Assert.Equal("Hamar", $"{lane.Cube.Data.Customer(lane.Assignment, record)!["city"]}");
        Assert.NotEqual("Bodø", $"{lane.Cube.Data.Customer(lane.Assignment, twin)!["city"]}");
        Assert.Single(lane.Cube.Data.Writes);
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task Ids_that_differ_by_a_zero_are_two_customers(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api));
        var record = lane.Cube.Data.FindCustomer(lane.Assignment, lane.ImportedIds()[0])!.Value;
        lane.Cube.Data.RekeyCustomer(lane.Assignment, record, "0042");
        await lane.SnapshotAsync();

        var ids = await lane.PostAsync("""[{"customer_id":"42","city":"Bodø"},{"customer_id":"0042","city":"Hamar"}]""");
        await lane.DeliverAsync(ids);

        Assert.Equal(("Bodø", "Hamar"), ($"{lane.Record("42")["city"]}", $"{lane.Record("0042")["city"]}"));
        Assert.Equal("Hamar", $"{lane.Cube.Data.Customer(lane.Assignment, record)!["city"]}");
    }
}
