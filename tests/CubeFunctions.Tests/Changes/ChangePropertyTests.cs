using System.Globalization;
using System.Text.Json.Nodes;
using Cube.Simulator;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Changes;

/// <summary>Random days of an agency: whatever happens, the change files applied in order give what the tenant has.</summary>
public sealed class ChangePropertyTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Agency = new()
    {
        Campaigns = 2,
        CampaignsPerAssignment = 2,
        CustomersPerAssignment = 150,
        PageSize = 20,
        ResponsesPerCampaignPerDay = 8,
        SmsPerCampaignPerDay = 4,
        CallflowCustomersPerCampaign = 30,
        AnonymisedPerThousand = 10,
        EndedCampaigns = 0,
    };

    private static readonly string[] ContentOfSms = ["sms_crm_customer_id", "sms_type", "sms_submitted_when", "sms_submitted_by"];

    private readonly Random _dice = new(TestScale.Seed);

    [Theory]
    [OverGenerations]
    public async Task Change_files_applied_in_order_give_the_tenants_customers_and_responses(TenantApi api)
    {
        var days = TestScale.Of(15, 200);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {TestScale.Seed}, {days} days");

        // Windows that do not agree are crawled again after waits of up to 16 s.
        var clock = new ShiftedClock(new DateTimeOffset(2026, 3, 2, 9, 0, 0, TimeSpan.Zero), 20);
        await using var cube = await CubeSimulator.StartAsync(
            Agency with
            {
                Api = api,
                Seed = _dice.Next(1, 1000),
            },
            clock,
            TestContext.Current.CancellationToken
        );
        await using var app = await TestApp.StartAsync(
            await azurite.NewAccountAsync(),
            cube,
            clock,
            ("Sync__StartDate", "2026-02-25"),
            ("Sync__LeaseSeconds", "600")
        );
        var first = new DateOnly(2026, 2, 25);
        for (var day = 0; day < days; day++)
        {
            if (_dice.Next(3) == 0)
            {
                cube.Faults.Add(new Fault { Kind = FaultKind.ServiceUnavailable503, Rate = 0.03 });
                cube.Faults.Add(new Fault { Kind = FaultKind.RowsShift, Rate = 0.1 });
            }

            if (_dice.Next(4) == 0)
            {
                cube.Data.AgentsAtWork = 1;
            }

            Mutate(cube.Data);
            await app.RunAsync(new RunRequest(RunKind.Scheduled, FeedCatalogue.Default));
            cube.Data.AgentsAtWork = 0;
            cube.Faults.Clear();
            Mutate(cube.Data);
            clock.Advance(TimeSpan.FromHours(_dice.Next(6, 30)));
        }

        // A quiet run for what drifted, others, hours later, for what only a second look confirms: the weekly one at all days may be among
        // them. What goes in a week is much for so small a tenant: a person releases it.
        clock.Advance(TimeSpan.FromHours(1));
        await app.RunAsync(new RunRequest(RunKind.Scheduled, FeedCatalogue.Default));
        var looks = 0;
        do
        {
            Assert.InRange(++looks, 1, 10);
            var held = await app.Get<DeliveryReader>().InStateAsync(DeliveryState.Dead, TestContext.Current.CancellationToken);
            await app.Get<DeliveryReader>().ReplayAsync([.. held.Select(row => row.Id)], TestContext.Current.CancellationToken);
            clock.Advance(TimeSpan.FromHours(5));
            await app.RunAsync(new RunRequest(RunKind.Scheduled, FeedCatalogue.Default));
        } while (await AwaitsSecondLookAsync(app));

        var store = ChangeLedger.Apply(await ChangeLedger.ReadAsync(app));
        var campaigns = cube.Data.CampaignIds();
        AssertSame(store, "customers", cube.Data.AssignmentIds.SelectMany(cube.Data.Customers).Where(HasId), Whole);
        AssertSame(
            store,
            api.Calls().Name,
            campaigns.SelectMany(id => cube.Data.Responses(id, first, cube.Data.Today)),
            record =>
                Part(record, record.Select(member => member.Key).Where(name => name.StartsWith(api.CallPrefix(), StringComparison.Ordinal)))
        );
        AssertSame(
            store,
            "sms",
            campaigns.SelectMany(id => cube.Data.Sms(id, first, cube.Data.Today)),
            record => Part(record, ContentOfSms)
        );
        AssertSame(store, "callflow_customers", campaigns.SelectMany(id => cube.Data.CallflowCustomers(id)), Whole);
    }

    private static async Task<bool> AwaitsSecondLookAsync(TestApp app) =>
        (await app.Get<CheckpointStore>().AllAsync(TestContext.Current.CancellationToken)).Exists(row =>
            row.AbsentFrom is not null || row.DeletionsHeldBack
        );

    private void Mutate(CubeData data)
    {
        var assignment = data.AssignmentIds[_dice.Next(data.AssignmentIds.Count)];
        var customers = data.CustomerIds(assignment).ToList();
        long Any() => customers[_dice.Next(customers.Count)];
        var campaign = data.CampaignIds()[_dice.Next(data.CampaignIds().Count)];
        var day = data.Today.AddDays(-_dice.Next(2));
        var when = day.ToDateTime(new TimeOnly(8, _dice.Next(4)));
        for (var i = _dice.Next(6); i > 0; i--)
        {
            switch (_dice.Next(9))
            {
                case 0:
                    data.AddCustomer(assignment, new JsonObject { ["name"] = $"Kunde {_dice.Next(1000)}" });
                    break;
                case 1 or 2:
                    data.EditCustomer(
                        assignment,
                        Any(),
                        _dice.Next(2) == 0 ? "phone_2" : "phone_1",
                        _dice.Next(3) == 0 ? null : $"{_dice.Next(100)}"
                    );
                    break;
                case 3:
                    var gone = Any();
                    data.DeleteCustomer(assignment, gone);
                    customers.Remove(gone);
                    break;
                case 4:
                    data.AnonymiseCustomer(assignment, Any());
                    break;
                case 5 or 6:
                    // Often at the same minute, of the same customer: keys that are equal.
                    data.AddResponse(campaign, customers[_dice.Next(3)], when, comment: $"{_dice.Next(3)}", by: "Kari Agent");
                    break;
                case 7:
                    data.AddSms(campaign, customers[_dice.Next(3)], when);
                    break;
                default:
                    var count = data.Responses(campaign, day, day).Count();
                    if (count > 0 && _dice.Next(2) == 0)
                    {
                        data.CorrectResponse(campaign, day, _dice.Next(count), $"rettet {_dice.Next(10)}");
                    }
                    else if (count > 0)
                    {
                        data.RemoveResponse(campaign, day, _dice.Next(count));
                    }

                    break;
            }
        }
    }

    private static void AssertSame(
        Dictionary<string, JsonObject> store,
        string feed,
        IEnumerable<JsonObject> expected,
        Func<JsonObject, string> show
    )
    {
        var (there, told) = (
            expected.Select(show).Order(StringComparer.Ordinal).ToList(),
            store
                .Where(entry => entry.Key.StartsWith(feed + "/", StringComparison.Ordinal) && (feed != "customers" || HasId(entry.Value)))
                .Select(entry => show(entry.Value))
                .Order(StringComparer.Ordinal)
                .ToList()
        );
        Assert.True(
            there.SequenceEqual(told),
            $"{feed}: not told {string.Join('\n', MoreIn(there, told))}\nbut told {string.Join('\n', MoreIn(told, there))}"
        );

        static IEnumerable<string> MoreIn(List<string> one, List<string> other) =>
            one.CountBy(record => record)
                .Select(record => (record.Key, More: record.Value - other.Count(same => same == record.Key)))
                .Where(record => record.More > 0)
                .Select(record => $"{record.More} x {record.Key}");
    }

    /// <summary>Whether anybody can tell who it is: whom Cube has anonymised nobody can where it shows no id of its own.</summary>
    private static bool HasId(JsonObject record) => $"{record["id"]}{record["crm__customer_id"]}".Length > 0;

    private static string Part(JsonObject record, IEnumerable<string> members) =>
        string.Join('|', members.Select(member => Convert.ToString(record[member], CultureInfo.InvariantCulture)));

    /// <summary>All but the bookkeeping fields, whose change is not told; a number says the same as its text.</summary>
    private static string Whole(JsonObject record) =>
        string.Join(
            '|',
            record
                .Where(member => member.Key.Split("__")[^1] is not ("updated" or "updated_by" or "update_method"))
                .Select(member => $"{member.Key}={member.Value}")
                .Order(StringComparer.Ordinal)
        );
}
