using System.Text.Json.Nodes;
using Cube.Simulator;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Changes.Delivery;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Changes;

/// <summary>A receiver that knows customers by their imported id alone.</summary>
public sealed class CustomerIdTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Small = new()
    {
        Campaigns = 1,
        CustomersPerAssignment = 120,
        PageSize = 25,
        ResponsesPerCampaignPerDay = 4,
        CallflowCustomersPerCampaign = 20,
        AnonymisedPerThousand = 0,
    };

    private static RunRequest Customers => RunRequest.Snapshot([FeedCatalogue.Customers]);

    [Theory]
    [OverGenerations]
    public async Task A_customer_with_another_imported_id_is_gone_under_the_old_one_and_comes_under_the_new_one(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), null, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(await azurite.NewAccountAsync(), cube, null);
        await app.RunAsync(Customers);
        var assignment = cube.Data.AssignmentIds[0];
        var old = $"{cube.Data.Customer(assignment, 10_000_003)!["customer_id"]}";
        var handedOn = $"{cube.Data.Customer(assignment, 10_000_090)!["customer_id"]}";

        // The first gets the id of one further back in the list, who gets another: what is gone comes before what has come.
        cube.Data.RekeyCustomer(assignment, 10_000_090, "CRM-NY");
        cube.Data.RekeyCustomer(assignment, 10_000_003, handedOn);
        var run = await app.RunAsync(Customers);
        var lines = await ChangeLedger.NewsAsync(app, run.RunId);
        Assert.Equal(
            [$"created {handedOn}", "created CRM-NY", $"deleted {old}", $"deleted {handedOn}"],
            lines
                .Select(line => $"{line["op"]} {line["customerId"]}")
                .Order(StringComparer.Ordinal)
                .OrderBy(text => text.StartsWith("deleted", StringComparison.Ordinal))
                .ThenBy(text => text.EndsWith("NY", StringComparison.Ordinal))
                .ThenBy(text => text.EndsWith(handedOn, StringComparison.Ordinal))
        );
        Assert.Equal(["deleted", "deleted", "created", "created"], lines.Select(line => (string)line["op"]!));
        Assert.Equal(120, ChangeLedger.Apply(await ChangeLedger.ReadAsync(app)).Count);
        Assert.Empty(await ChangeLedger.NewsAsync(app, (await app.RunAsync(Customers)).RunId));
    }

    [Theory]
    [OverGenerations]
    public async Task A_receiver_that_goes_by_the_imported_id_alone_holds_what_the_tenant_holds_after_sixty_days(TenantApi api)
    {
        var dice = new Random(TestScale.Seed);
        TestContext.Current.TestOutputHelper!.WriteLine($"CUBE_SEED={TestScale.Seed}");
        var clock = new ShiftedClock(new DateTimeOffset(2026, 3, 2, 9, 0, 0, TimeSpan.Zero));
        await using var receiver = await TestReceiver.StartAsync();
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), clock, TestContext.Current.CancellationToken);
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            cube,
            clock,
            receiver.Settings(("Changes__Crm__Baseline", "true"))
        );
        var assignment = cube.Data.AssignmentIds[0];
        var erased = new HashSet<string>(StringComparer.Ordinal);
        await app.RunAsync(Customers);
        for (var day = 0; day < TestScale.Of(12, 60); day++)
        {
            Mutate(cube.Data, assignment, dice);
            if (day % 4 == 1)
            {
                // Somebody is erased here, and not in Cube: from then on nothing is published under that id.
                var known = cube
                    .Data.Customers(assignment)
                    .Select(record => $"{record["customer_id"]}")
                    .Where(id => id.Length > 0)
                    .ToList();
                var person = known[dice.Next(known.Count)];
                erased.Add(person);
                await app.Get<PersonEraser>().EraseAsync(cube.Data.PlaceOf(assignment).Id, person, TestContext.Current.CancellationToken);
            }

            if (dice.Next(3) == 0)
            {
                await app.RunAsync(new RunRequest(RunKind.Manual, [FeedCatalogue.Customers]));
                clock.Advance(TimeSpan.FromHours(1));
                Mutate(cube.Data, assignment, dice);
            }

            await app.RunAsync(Customers);
            await DeliveryPump.DeliverAsync(app, clock, TimeSpan.FromHours(1));
            clock.Advance(TimeSpan.FromHours(dice.Next(6, 30)));
        }

        await app.RunAsync(Customers);
        await DeliveryPump.DeliverAsync(app, clock, TimeSpan.FromHours(1));
        Assert.Empty(await DeliveryPump.RowsAsync(app, DeliveryState.Waiting));
        Assert.Empty(await DeliveryPump.RowsAsync(app, DeliveryState.Deferred));
        Assert.Empty(await DeliveryPump.RowsAsync(app, DeliveryState.Dead));
        var crm = new Dictionary<string, JsonObject>();
        foreach (var change in receiver.Distinct())
        {
            Assert.Equal(cube.Data.PlaceOf(assignment).Id, (string)change["assignmentId"]!);
            if ((string)change["customerId"]! is not { } id)
            {
                // Somebody whom nobody can name is nothing to this receiver.
                Assert.Equal("Anonymized", (string)change["record"]!["name"]!);
                continue;
            }

            if (erased.Contains(id))
            {
                continue;
            }

            switch ((string)change["op"]!)
            {
                case "created" or "updated":
                    crm[id] = change["record"]!.AsObject();
                    break;
                default:
                    Assert.True(crm.Remove(id), $"{change["op"]} of nobody");
                    break;
            }
        }

        Assert.NotEmpty(erased);
        var expected = cube
            .Data.Customers(assignment)
            .Where(record => $"{record["customer_id"]}".Length > 0 && !erased.Contains($"{record["customer_id"]}"))
            .ToDictionary(record => $"{record["customer_id"]}", Whole);
        Assert.Equal(
            expected.OrderBy(entry => entry.Key, StringComparer.Ordinal),
            crm.ToDictionary(entry => entry.Key, entry => Whole(entry.Value)).OrderBy(entry => entry.Key, StringComparer.Ordinal)
        );
    }

    private static void Mutate(CubeData data, int assignment, Random dice)
    {
        var known = data.Customers(assignment)
            .Where(record => $"{record["customer_id"]}".Length > 0)
            .Select(record => (long)record["id"]!)
            .OrderBy(_ => dice.Next())
            .Take(6)
            .ToList();
        foreach (var id in known.Take(dice.Next(7)))
        {
            switch (dice.Next(8))
            {
                case 0:
                    data.DeleteCustomer(assignment, id);
                    break;
                case 1:
                    data.AnonymiseCustomer(assignment, id);
                    break;
                case 2:
                    data.RekeyCustomer(assignment, id, $"RE-{dice.Next(1_000_000)}");
                    break;
                case 3 or 4:
                    data.AddCustomer(assignment, new JsonObject { ["name"] = $"Ny {dice.Next(1000)}" });
                    break;
                default:
                    data.EditCustomer(assignment, id, dice.Next(2) == 0 ? "city" : "phone_1", $"{dice.Next(100)}");
                    break;
            }
        }
    }

    /// <summary>All but the bookkeeping fields, whose change is not published; a number says the same as its text.</summary>
    private static string Whole(JsonObject record) =>
        string.Join(
            '|',
            record
                .Where(member => member.Key is not ("updated" or "updated_by" or "update_method"))
                .Select(member => $"{member.Key}={member.Value}")
                .Order(StringComparer.Ordinal)
        );
}
