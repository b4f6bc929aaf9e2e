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

    /// <summary>The settings say that addresses take imported ids; the tenant takes its own.</summary>
    [Fact]
    public async Task An_address_that_leads_to_another_customers_record_is_a_reason_to_write_to_nobody()
    {
        await using var lane = await Lane.StartAsync(azurite, Options, null, ("Cube__CustomerIdInUrl", "imported"));
        await lane.SnapshotAsync();
        var (other, count) = (lane.Cube.Data.CustomerIds(lane.Assignment).First(), lane.ImportedIds().Count);
        var before = lane.Cube.Data.Customer(lane.Assignment, other)!.ToJsonString();

        var ids = await lane.PostAsync($$"""{"customer_id":"{{other}}","city":"Bodø"}""");
        await lane.DeliverAsync(ids);

        Assert.Equal(("dead", "Cube has another customer's record at the address of this id"), (await lane.StatesAsync(ids))[0]);
        Assert.Equal(before, lane.Cube.Data.Customer(lane.Assignment, other)!.ToJsonString());
        Assert.Equal((0, count), (lane.Cube.Data.Writes.Count, lane.ImportedIds().Count));
    }

    /// <summary>A list that may lack the very customer who is looked for is not gone by.</summary>
    [Fact]
    public async Task After_a_POST_that_was_not_answered_the_customer_is_looked_up_in_a_list_that_is_proven()
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 20);
        await using var lane = await Lane.StartAsync(azurite, Options, clock, ("Cube__CustomerIdInUrl", "internal"));
        await lane.SnapshotAsync();
        lane.Cube.Faults.Add("work-then-fail,as=reset,times=1,method=POST");
        lane.Cube.Faults.Add("short,rows=1,path=/customers");

        var ids = await lane.PostAsync("""{"customer_id":"NY-1","name":"N","city":"Alta"}""");
        await lane.PumpUntilAsync(async () =>
        {
            await lane.SweepAsync();
            return (await lane.StatesAsync(ids))[0].Reason?.Contains("is not proven", StringComparison.Ordinal) == true;
        });
        lane.Cube.Faults.Clear();
        await lane.DeliverAsync(ids);

        Assert.Equal(("delivered", "Alta"), ((await lane.StatesAsync(ids))[0].State, $"{lane.Record("NY-1")["city"]}"));
        Assert.Single(lane.Cube.Requests.All, request => request.Method == "POST");
        Assert.Single(lane.ImportedIds(), "NY-1");
    }
}
