using System.Text.Json;
using System.Text.Json.Nodes;
using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Support;
using CubeFunctions.Tests.Upserts;
using Xunit;

namespace CubeFunctions.Tests.Changes.Delivery;

/// <summary>Edits in the CRM and in Cube at once: each reaches the other side, and none comes back.</summary>
public sealed class BothSidesTests(AzuriteFixture azurite)
{
    private const long FirstId = 10_000_000;
    private const int Customers = 12;
    private static readonly string[] Fields = ["phone_1", "email", "city"];
    private static readonly SimulatorOptions Small = new()
    {
        Campaigns = 1,
        CustomersPerAssignment = 60,
        PageSize = 25,
        CallflowCustomersPerCampaign = 20,
        AnonymisedPerThousand = 0,
    };

    private static readonly RunRequest Snapshot = RunRequest.Snapshot([FeedCatalogue.Customers, FeedCatalogue.Find("callflow_customers")!]);

    [Theory]
    [OverGenerations]
    public async Task Fifty_runs_of_edits_on_both_sides_end_equal_and_nothing_goes_back_and_forth(TenantApi api)
    {
        TestContext.Current.TestOutputHelper!.WriteLine($"CUBE_SEED={TestScale.Seed}");
        var dice = new Random(TestScale.Seed);
        var clock = new ShiftedClock(new DateTimeOffset(2026, 6, 10, 9, 0, 0, TimeSpan.Zero));
        await using var receiver = await TestReceiver.StartAsync();
        await using var lane = await Lane.StartAsync(azurite, Small.EarlyIn(api), clock, receiver.Settings(("Cube__Writes", "true")));
        await lane.App.RunAsync(Snapshot);
        var crm = new Crm(lane.Cube.Data.Customers(lane.Assignment));
        var agents = 0;
        for (var round = 0; round < 50; round++)
        {
            var posts = crm.TakeHooks();
            for (var edits = dice.Next(4); edits >= 0; edits--)
            {
                var (customer, field) = (dice.Next(Customers), Fields[dice.Next(Fields.Length)]);
                var side = dice.Next(3);
                if (side != 0)
                {
                    agents++;
                    lane.Cube.Data.EditCustomer(lane.Assignment, FirstId + customer, field, $"value {dice.Next(4)}");
                }

                if (side != 1)
                {
                    posts.Add(crm.Edit(customer, field, $"value {dice.Next(4)}"));
                }
            }

            // Sometimes webhooks come before the agents' edits are read, sometimes after.
            var late = dice.Next(2) == 0;
            if (!late)
            {
                await PostAsync(lane, clock, posts);
            }

            await RunAsync(lane, clock, receiver, crm);
            if (late)
            {
                await PostAsync(lane, clock, posts);
            }
        }

        var quiet = 0;
        for (var last = -1; last != receiver.Taken.Count + lane.Cube.Data.Writes.Count; quiet++)
        {
            Assert.True(quiet < 6, "the two sides still tell each other");
            last = receiver.Taken.Count + lane.Cube.Data.Writes.Count;
            await PostAsync(lane, clock, crm.TakeHooks());
            await RunAsync(lane, clock, receiver, crm);
        }

        foreach (var record in lane.Cube.Data.Customers(lane.Assignment).Take(Customers))
        {
            AtLeastOne.All(Fields, field => Assert.Equal($"{record[field]}", crm.Value($"{record["customer_id"]}", field)));
        }

        // Nothing that an agent has not edited was told to the CRM, in either feed that holds it.
        var told = receiver.Distinct();
        AtLeastOne.All(told, change => Assert.Equal("cube", (string)change["origin"]!));
        Assert.InRange(told.Count(change => (string)change["feed"]! == "customers"), 1, agents);
        Assert.Contains(await ChangeLedger.ReadAsync(lane.App), change => (string)change["origin"]! == "crm");
        Assert.Empty(receiver.Faults);
    }

    [Theory]
    [OverGenerations]
    public async Task What_an_upsert_brought_is_told_as_the_crms_and_anything_else_as_Cubes(TenantApi api)
    {
        var clock = new ShiftedClock(new DateTimeOffset(2026, 6, 10, 9, 0, 0, TimeSpan.Zero));
        await using var receiver = await TestReceiver.StartAsync();
        await using var lane = await Lane.StartAsync(azurite, Small.EarlyIn(api), clock, receiver.Settings(("Cube__Writes", "true")));
        await lane.App.RunAsync(Snapshot);
        var ids = lane.Cube.Data.Customers(lane.Assignment).Select(customer => $"{customer["customer_id"]}").ToList();
        List<string> posts =
        [
            $$"""{"customer_id":"{{ids[0]}}","phone_1":"40000000","city":"Ålesund"}""",
            $$"""{"customer_id":"{{ids[1]}}","phone_1":"40000001"}""",
            $$"""{"customer_id":"{{ids[2]}}","phone_1":"40000002"}""",
            """{"customer_id":"CRM-NY","name":"Ny Kunde","email":""}""",
        ];
        await PostAsync(lane, clock, posts);
        lane.Cube.Data.EditCustomer(lane.Assignment, FirstId + 1, "email", "agent@example.com");
        lane.Cube.Data.EditCustomer(lane.Assignment, FirstId + 2, "phone_1", "99999999");
        lane.Cube.Data.EditCustomer(lane.Assignment, FirstId + 3, "phone_1", "40000000");
        var run = await lane.App.RunAsync(Snapshot);
        var told = (await ChangeLedger.ReadAsync(lane.App, run.RunId)).Where(change => (string)change["feed"]! == "customers").ToList();
        var added = lane.Cube.Data.FindCustomer(lane.Assignment, "CRM-NY")!.Value;
        Assert.Equal(
            [
                (FirstId, "crm", "city,phone_1"),
                (FirstId + 1, "crm", "phone_1"),
                (FirstId + 1, "cube", "email"),
                (FirstId + 2, "cube", "phone_1"),
                (FirstId + 3, "cube", "phone_1"),
                (added, "crm", ""),
            ],
            told.Select(change =>
                    (long.Parse((string)change["key"]!), (string)change["origin"]!, string.Join(',', change["changed"]!.AsArray()))
                )
                .Order()
        );
        Assert.Equal(told.Count, told.Select(change => (string)change["id"]!).Distinct().Count());

        // Back to what the upsert once brought, by an agent: no echo any more.
        lane.Cube.Data.EditCustomer(lane.Assignment, FirstId, "city", "Bodø");
        await lane.App.RunAsync(Snapshot);
        clock.Advance(TimeSpan.FromMinutes(10));
        lane.Cube.Data.EditCustomer(lane.Assignment, FirstId, "city", "Ålesund");
        var back = await lane.App.RunAsync(Snapshot);
        Assert.Equal(
            "cube",
            (string)
                Assert.Single(await ChangeLedger.ReadAsync(lane.App, back.RunId), change => (string)change["feed"]! == "customers")[
                    "origin"
                ]!
        );
    }

    [Theory]
    [OverGenerations]
    public async Task What_an_agent_sets_back_before_a_snapshot_sees_it_is_told_all_the_same(TenantApi api)
    {
        var clock = new ShiftedClock(new DateTimeOffset(2026, 6, 10, 9, 0, 0, TimeSpan.Zero));
        await using var receiver = await TestReceiver.StartAsync();
        await using var lane = await Lane.StartAsync(azurite, Small.EarlyIn(api), clock, receiver.Settings(("Cube__Writes", "true")));
        await lane.App.RunAsync(Snapshot);
        var customers = lane.Cube.Data.Customers(lane.Assignment).Take(3).ToList();
        await PostAsync(
            lane,
            clock,
            [
                .. customers.Select(customer =>
                    $$"""{"customer_id":"{{customer["customer_id"]}}","city":"Ålesund","email":"crm@example.com"}"""
                ),
            ]
        );

        // Of the first both fields, of the second one, of the third none.
        lane.Cube.Data.EditCustomer(lane.Assignment, FirstId, "city", customers[0]["city"]!.DeepClone());
        lane.Cube.Data.EditCustomer(lane.Assignment, FirstId, "email", customers[0]["email"]!.DeepClone());
        lane.Cube.Data.EditCustomer(lane.Assignment, FirstId + 1, "city", customers[1]["city"]!.DeepClone());
        var run = await lane.App.RunAsync(Snapshot);
        var told = (await ChangeLedger.ReadAsync(lane.App, run.RunId)).Where(change => (string)change["feed"]! == "customers");
        Assert.Equal(
            [
                (FirstId, "cube", "city,email"),
                (FirstId + 1, "crm", "email"),
                (FirstId + 1, "cube", "city"),
                (FirstId + 2, "crm", "city,email"),
            ],
            told.Select(change =>
                    (long.Parse((string)change["key"]!), (string)change["origin"]!, string.Join(',', change["changed"]!.AsArray()))
                )
                .Order()
        );

        // Told once.
        clock.Advance(TimeSpan.FromHours(1));
        Assert.DoesNotContain(
            await ChangeLedger.ReadAsync(lane.App, (await lane.App.RunAsync(Snapshot)).RunId),
            change => (string)change["feed"]! == "customers"
        );
    }

    [Theory]
    [OverGenerations]
    public async Task A_customer_delivered_after_a_sweep_began_is_compared_in_the_next_one(TenantApi api)
    {
        var clock = new ShiftedClock(new DateTimeOffset(2026, 6, 10, 9, 0, 0, TimeSpan.Zero));
        await using var receiver = await TestReceiver.StartAsync();
        await using var lane = await Lane.StartAsync(azurite, Small.EarlyIn(api), clock, receiver.Settings(("Cube__Writes", "true")));
        await lane.App.RunAsync(Snapshot);
        var id = $"{lane.Cube.Data.Customers(lane.Assignment).ElementAt(50)["customer_id"]}";
        lane.Cube.Data.EditCustomer(lane.Assignment, FirstId + 50, "email", "agent@example.com");
        var posted = new TaskCompletionSource();

        // The upsert arrives between the first page and the one that has the customer.
        lane.Cube.BeforeAnswer = request =>
        {
            if (
                request.Path.EndsWith("/customers/", StringComparison.Ordinal)
                && request.Query.Contains("page=", StringComparison.Ordinal)
                && !posted.Task.IsCompleted
            )
            {
                lane.Cube.BeforeAnswer = null;
                PostAsync(lane, clock, [$$"""{"customer_id":"{{id}}","phone_1":"40000000"}"""], pass: TimeSpan.Zero)
                    .GetAwaiter()
                    .GetResult();
                posted.SetResult();
            }
        };
        var during = await lane.App.RunAsync(Snapshot);
        await posted.Task;
        Assert.DoesNotContain(await ChangeLedger.ReadAsync(lane.App, during.RunId), change => (string)change["feed"]! == "customers");
        clock.Advance(TimeSpan.FromHours(1));
        var next = await lane.App.RunAsync(Snapshot);
        var told = (await ChangeLedger.ReadAsync(lane.App, next.RunId)).Where(line => (string)line["feed"]! == "customers");
        Assert.Equal(
            ["cube: email", "crm: phone_1"],
            told.Select(line => $"{line["origin"]}: {string.Join(',', line["changed"]!.AsArray())}").OrderDescending(StringComparer.Ordinal)
        );
    }

    private static async Task PostAsync(Lane lane, ShiftedClock clock, List<string> posts, TimeSpan? pass = null)
    {
        var ids = new List<string>();
        foreach (var post in posts)
        {
            ids.AddRange(await lane.PostAsync(post));
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        await lane.DeliverAsync(ids);
        clock.Advance(pass ?? TimeSpan.FromMinutes(5));
    }

    private static async Task RunAsync(Lane lane, ShiftedClock clock, TestReceiver receiver, Crm crm)
    {
        var before = receiver.Taken.Count;
        await lane.App.RunAsync(Snapshot);
        await DeliveryPump.DeliverAsync(lane.App, clock, TimeSpan.FromHours(1));
        foreach (var change in receiver.Taken.Skip(before))
        {
            crm.Take(change);
        }

        clock.Advance(TimeSpan.FromMinutes(10));
    }

    /// <summary>A CRM that tells of every change in it, also of those that the receiver made.</summary>
    private sealed class Crm(IEnumerable<JsonObject> customers)
    {
        private readonly Dictionary<string, Dictionary<string, string>> _store = customers.ToDictionary(
            customer => $"{customer["customer_id"]}",
            customer => Fields.ToDictionary(field => field, field => $"{customer[field]}")
        );

        private List<string> _hooks = [];

        public string Value(string customer, string field) => _store[customer][field];

        public string Edit(int customer, string field, string value) => Set(_store.Keys.ElementAt(customer), field, value);

        public void Take(JsonObject change)
        {
            if ((string)change["feed"]! != "customers")
            {
                return;
            }

            Assert.Equal("updated", (string)change["op"]!);
            var customer = $"{change["record"]!["customer_id"]}";
            foreach (
                var field in change["changed"]!
                    .AsArray()
                    .Select(name => (string)name!)
                    .Where(field => _store[customer][field] != $"{change["record"]![field]}")
            )
            {
                _hooks.Add(Set(customer, field, $"{change["record"]![field]}"));
            }
        }

        public List<string> TakeHooks()
        {
            var hooks = _hooks;
            _hooks = [];
            return hooks;
        }

        private string Set(string customer, string field, string value)
        {
            _store[customer][field] = value;
            return JsonSerializer.Serialize(new Dictionary<string, string> { ["customer_id"] = customer, [field] = value });
        }
    }
}
