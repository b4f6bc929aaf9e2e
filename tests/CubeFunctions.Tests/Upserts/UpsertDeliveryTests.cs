using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Cube.Simulator;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

/// <summary>Customers on their way from a post to Cube.</summary>
public sealed class UpsertDeliveryTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Options = new()
    {
        Campaigns = 1,
        CustomersPerAssignment = 60,
        AnonymisedPerThousand = 0,
    };

    private static readonly (string, string)[] Sender =
    [
        ("Upserts__Senders__crm__Kind", "json"),
        ("Upserts__Senders__crm__Secret", "test-secret"),
        ("Upserts__Senders__crm__EventTime", "/at"),
        ("Upserts__Senders__crm__EventId", "/event"),
        (
            "Upserts__Senders__crm__FieldMap",
            """{"name":{"join":["firstname","lastname"]},"phone_1":"phone","email":"mail","country":{"constant":"Norge"}}"""
        ),
    ];

    [Theory]
    [InlineData(TenantApi.Assignments, CustomerIdInUrl.Internal)]
    [OverGenerations(CustomerIdInUrl.Imported, First = true)]
    public async Task A_new_customer_a_changed_one_and_an_array_arrive_as_sent(TenantApi api, CustomerIdInUrl idInUrl)
    {
        await using var lane = await Lane.StartAsync(
            azurite,
            (Options with { CustomerIdInUrl = idInUrl }).EarlyIn(api),
            null,
            ("Cube__CustomerIdInUrl", idInUrl.ToString())
        );
        await lane.SnapshotAsync();
        var known = lane.Cube.Data.Customers(lane.Assignment).First();
        var imported = known["customer_id"]!.ToString();
        var changed = await lane.PostAsync(
            $$"""{"customer_id":"{{imported}}","city":"Bærum","need_to_know":"Ring før kl. 9 – æøå ÆØÅ","zip_code":"0042"}"""
        );
        var created = await lane.PostAsync("""{"customer_id":"0005029249275","name":"Åse Ødegård","phone_1":"004790000000"}""");
        var array = await lane.PostAsync(
            new JsonArray([
                .. Enumerable
                    .Range(0, 1000)
                    .Select(i => (JsonNode)new JsonObject { ["customer_id"] = $"batch-{i:D4}", ["name"] = $"Navn {i}" }),
            ]).ToJsonString()
        );
        Assert.Equal(1000, array.Count);
        await lane.DeliverAsync([.. changed, .. created, .. array], sweep: false);
        AtLeastOne.All(
            await lane.StatesAsync([.. changed, .. created, array[0], array[999]]),
            state => Assert.Equal("delivered", state.State)
        );

        var record = lane.Cube.Data.Customer(lane.Assignment, (long)known["id"]!)!;
        Assert.Equal(
            ("Bærum", "Ring før kl. 9 – æøå ÆØÅ", "0042"),
            ($"{record["city"]}", $"{record["need_to_know"]}", $"{record["zip_code"]}")
        );
        Assert.Equal($"{known["name"]}", $"{record["name"]}");
        var fresh = lane.Cube.Data.Customer(lane.Assignment, lane.Cube.Data.FindCustomer(lane.Assignment, "0005029249275")!.Value)!;
        Assert.Equal(("Åse Ødegård", "004790000000"), ($"{fresh["name"]}", $"{fresh["phone_1"]}"));
        Assert.Equal(1061, lane.Cube.Data.Customers(lane.Assignment).Count());
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task Before_the_first_snapshot_they_wait_and_then_they_go(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api));
        var imported = lane.Cube.Data.Customers(lane.Assignment).First()["customer_id"]!.ToString();
        var ids = await lane.PostAsync($$"""{"customer_id":"{{imported}}","city":"Bodø"}""");
        await lane.PumpUntilRefusedAsync(ids[0]);
        Assert.Equal("waiting", (await lane.StatesAsync(ids))[0].State);
        Assert.Contains("snapshot", (await lane.StatesAsync(ids))[0].Reason, StringComparison.Ordinal);
        Assert.Equal(0, await lane.MessagesAsync());
        Assert.Empty(lane.Cube.Data.Writes);
        await lane.SnapshotAsync();
        await lane.DeliverAsync(ids);
        Assert.Equal("delivered", (await lane.StatesAsync(ids))[0].State);
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task An_imported_id_that_is_somebody_elses_internal_id_never_reaches_him(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api));
        await lane.SnapshotAsync();
        var other = lane.Cube.Data.Customers(lane.Assignment).ElementAt(7);
        var internalId = $"{other["id"]}";
        var ids = await lane.PostAsync($$"""{"customer_id":"{{internalId}}","name":"En annen"}""");
        await lane.DeliverAsync(ids);
        Assert.Equal($"{other["name"]}", $"{lane.Cube.Data.Customer(lane.Assignment, (long)other["id"]!)!["name"]}");
        Assert.Equal(internalId, Assert.Single(lane.Cube.Data.Writes, write => write.Method == "POST").ImportedId);
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task Parts_of_a_customer_come_together_whatever_their_order(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), null, Sender);
        await lane.SnapshotAsync();
        var known = lane.Cube.Data.Customers(lane.Assignment).First();
        var id = $"{known["customer_id"]}";
        var mail = await lane.HookAsync($$"""{"customer_id":"{{id}}","event":"e2","at":"2026-11-01T10:00:02Z","mail":"ny@example.test"}""");
        await lane.DeliverAsync(mail);
        var phone = await lane.HookAsync($$"""{"customer_id":"{{id}}","event":"e1","at":"2026-11-01T10:00:01Z","phone":"+4791111111"}""");
        await lane.DeliverAsync(phone);
        var older = await lane.HookAsync(
            $$"""{"customer_id":"{{id}}","event":"e0","at":"2026-11-01T10:00:00Z","mail":"gammel@example.test"}"""
        );
        await lane.DeliverAsync(older);
        var last = await lane.HookAsync($$"""{"customer_id":"{{id}}","event":"e3","at":"2026-11-01T10:00:03Z","lastname":"Nordmann"}""");
        await lane.PumpUntilRefusedAsync(last[0]);
        var record = lane.Cube.Data.Customer(lane.Assignment, (long)known["id"]!)!;
        Assert.Equal(
            ("ny@example.test", "+4791111111", "Norge", $"{known["name"]}"),
            ($"{record["email"]}", $"{record["phone_1"]}", $"{record["country"]}", $"{record["name"]}")
        );
        Assert.Equal(
            ["delivered", "delivered", "superseded", "waiting"],
            (await lane.StatesAsync([.. mail, .. phone, .. older, .. last])).Select(state => state.State)
        );

        var first = await lane.HookAsync($$"""{"customer_id":"{{id}}","event":"e4","at":"2026-11-01T10:00:04Z","firstname":"Kari"}""");
        await lane.DeliverAsync([.. first, .. last]);
        Assert.Equal("Kari Nordmann", $"{lane.Cube.Data.Customer(lane.Assignment, (long)known["id"]!)!["name"]}");
        var repeat = await lane.HookAsync($$"""{"customer_id":"{{id}}","event":"e4","at":"2026-11-01T10:00:04Z","firstname":"Kari"}""");
        Assert.Equal(first, repeat);
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task Many_events_of_one_customer_need_one_delivery(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), null, Sender);
        await lane.SnapshotAsync();
        var known = lane.Cube.Data.Customers(lane.Assignment).First();
        List<string> ids = [];
        for (var i = 0; i < 40; i++)
        {
            ids.AddRange(
                await lane.HookAsync(
                    $$"""{"customer_id":"{{known["customer_id"]}}","event":"e{{i}}","at":"2026-11-01T10:00:{{i:D2}}Z","phone":"+47911111{{i:D2}}"}"""
                )
            );
        }

        await lane.DeliverAsync(ids, sweep: false);
        Assert.Equal("+4791111139", $"{Assert.Single(lane.Cube.Data.Writes).Body["phone_1"]}");
        Assert.Equal(["delivered", "superseded"], (await lane.StatesAsync(ids)).Select(state => state.State).Distinct().Order());
        await WaitFor.TrueAsync(async () => await lane.MessagesAsync() == 0, TimeSpan.FromSeconds(30));
    }

    [Theory]
    [OverGenerations("503=1", First = true)]
    [OverGenerations("reset-before-body=1", First = true)]
    public async Task After_an_hour_without_Cube_all_is_delivered_and_after_three_days_the_dead_go_with_one_replay(
        TenantApi api,
        string fault
    )
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 30);
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), clock);
        await lane.SnapshotAsync();
        var imported = $"{lane.Cube.Data.Customers(lane.Assignment).First()["customer_id"]}";
        lane.Cube.Faults.Add(fault);
        var first = await lane.PostAsync($$"""{"customer_id":"{{imported}}","city":"Hamar"}""");
        await lane.PumpUntilRefusedAsync(first[0]);
        Assert.Equal("waiting", (await lane.StatesAsync(first))[0].State);
        clock.Advance(TimeSpan.FromHours(1.3));
        lane.Cube.Faults.Clear();
        await lane.DeliverAsync(first);

        lane.Cube.Faults.Add(fault);
        var second = await lane.PostAsync($$"""{"customer_id":"{{imported}}","city":"Gjøvik"}""");
        await lane.PumpUntilRefusedAsync(second[0]);
        clock.Advance(TimeSpan.FromDays(3));
        await lane.SweepAsync();
        await lane.PumpUntilAsync(async () => (await lane.StatesAsync(second))[0].State == "dead");
        var (state, reason) = (await lane.StatesAsync(second))[0];
        Assert.Equal("dead", state);
        Assert.Contains("48 hours", reason, StringComparison.Ordinal);
        Assert.Single(await lane.App.Get<UpsertReader>().InStateAsync(UpsertState.Dead, 10, TestContext.Current.CancellationToken));

        lane.Cube.Faults.Clear();
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(1, (await lane.App.Get<UpsertReader>().ReplayAsync([], TestContext.Current.CancellationToken)).Count);
        await lane.DeliverAsync(second);
        Assert.Equal(
            "Gjøvik",
            $"{lane.Cube.Data.Customer(lane.Assignment, lane.Cube.Data.FindCustomer(lane.Assignment, imported)!.Value)!["city"]}"
        );
    }

    [Theory]
    [OverGenerations(WriteMode.MethodNotAllowed405, First = true)]
    [OverGenerations(WriteMode.NotImplemented501, First = true)]
    [OverGenerations(WriteMode.NotFound404, First = true)]
    public async Task A_tenant_without_writes_keeps_them_waiting_and_is_asked_once_a_day(TenantApi api, WriteMode mode)
    {
        await using var lane = await Lane.StartAsync(azurite, (Options with { Writes = mode }).EarlyIn(api));
        await lane.SnapshotAsync();
        var imported = $"{lane.Cube.Data.Customers(lane.Assignment).First()["customer_id"]}";
        List<string> ids = [];
        for (var i = 0; i < 3; i++)
        {
            ids.AddRange(await lane.PostAsync($$"""{"customer_id":"{{(i == 0 ? imported : $"ny-{i}")}}","city":"Hamar"}"""));
            await lane.PumpUntilRefusedAsync(ids[^1]);
        }

        AtLeastOne.All(await lane.StatesAsync(ids), state => Assert.Equal("waiting", state.State));
        Assert.Contains("not enabled", (await lane.StatesAsync(ids))[0].Reason, StringComparison.Ordinal);
        Assert.Equal(0, await lane.MessagesAsync());
        Assert.Equal(0, await lane.App.Get<UpsertJanitor>().RunOnceAsync(force: false, TestContext.Current.CancellationToken));
        Assert.Single(lane.Cube.Requests.All, request => request.Method is "PUT" or "POST");
        Assert.Contains(
            lane.App.Logs.Lines,
            line => line.Level == Microsoft.Extensions.Logging.LogLevel.Error && line.Text.Contains("not enabled", StringComparison.Ordinal)
        );
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task What_Cube_refuses_is_dead_with_its_own_words_and_the_rest_arrives(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api));
        await lane.SnapshotAsync();
        var imported = $"{lane.Cube.Data.Customers(lane.Assignment).First()["customer_id"]}";
        lane.Cube.Faults.Add("bad-request=1,times=1");
        var ids = await lane.PostAsync($$"""{"customer_id":"{{imported}}","city":"Hamar"}""");
        await lane.DeliverAsync(ids);
        var (state, reason) = (await lane.StatesAsync(ids))[0];
        Assert.Equal("dead", state);
        Assert.Contains("400", reason, StringComparison.Ordinal);
    }

    [Theory]
    [OverGenerations("work-then-fail=1,as=503,times=1", First = true)]
    [OverGenerations("work-then-fail=1,as=reset,times=1", First = true)]
    public async Task A_POST_that_was_done_but_not_answered_makes_no_second_customer(TenantApi api, string fault)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow(), 20);
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), clock);
        await lane.SnapshotAsync();
        lane.Cube.Faults.Add(fault);
        var ids = await lane.PostAsync("""{"customer_id":"ny-kunde","name":"Ny Kunde"}""");
        await lane.DeliverAsync(ids);
        Assert.Single(lane.Cube.Data.Customers(lane.Assignment), customer => $"{customer["customer_id"]}" == "ny-kunde");
        Assert.Single(lane.Cube.Data.Writes, write => write.Method == "POST");
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task A_custom_field_can_be_named_by_its_label(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api));
        await lane.SnapshotAsync();
        var label = $"{lane.Cube.Data.CustomFields(lane.Assignment).First()["key"]}";
        var imported = $"{lane.Cube.Data.Customers(lane.Assignment).First()["customer_id"]}";
        var ids = await lane.PostAsync(new JsonObject { ["customer_id"] = imported, [$"custom:{label}"] = "7" }.ToJsonString());
        var unknown = await lane.PostAsync(new JsonObject { ["customer_id"] = imported, ["custom:Finnes ikke"] = "7" }.ToJsonString());
        await lane.DeliverAsync([.. ids, .. unknown]);
        Assert.Equal(["delivered", "dead"], (await lane.StatesAsync([.. ids, .. unknown])).Select(state => state.State));
        Assert.Equal(
            "7",
            $"{lane.Cube.Data.Customer(lane.Assignment, lane.Cube.Data.FindCustomer(lane.Assignment, imported)!.Value)![label]}"
        );
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task An_idempotency_key_makes_one_of_two_posts(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api));
        const string Body = """{"customer_id":"k-1","name":"A"}""";
        var first = await lane.Http.PostAsync($"assignments/{lane.Place}/customers", Body, ("Idempotency-Key", "key-1"));
        var again = await lane.Http.PostAsync($"assignments/{lane.Place}/customers", Body, ("Idempotency-Key", "key-1"));
        var other = await lane.Http.PostAsync(
            $"assignments/{lane.Place}/customers",
            Body.Replace("\"A\"", "\"B\"", StringComparison.Ordinal),
            ("Idempotency-Key", "key-1")
        );
        Assert.Equal((202, 202, 422), (first.Status, again.Status, other.Status));
        Assert.Equal(first.Answer.ToString(), again.Answer.ToString());
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task No_log_line_holds_a_name_a_number_an_id_or_a_secret(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), null, Sender);
        await lane.SnapshotAsync();
        var known = lane.Cube.Data.Customers(lane.Assignment).First();
        lane.Cube.Faults.Add("bad-request=1,times=1");
        var ids = await lane.PostAsync($$"""{"customer_id":"{{known["customer_id"]}}","name":"Hemmelig Navn","phone_1":"98765432"}""");
        await lane.DeliverAsync(ids);
        await lane.DeliverAsync(await lane.PostAsync("""{"customer_id":"hemmelig-id","name":"Hemmelig Navn","phone_1":"98765432"}"""));
        await lane.Http.PostAsync("webhooks/crm", """{"customer_id":"hemmelig-id"}""", ("x-webhook-secret", "wrong-test-secret"));
        Assert.NotEmpty(lane.App.Logs.Lines);
        string[] secrets = ["Hemmelig", "98765432", "hemmelig-id", "test-secret", $"{known["customer_id"]}", $"/{known["id"]}"];
        AtLeastOne.All(
            lane.App.Logs.Lines,
            line => AtLeastOne.All(secrets, secret => Assert.DoesNotContain(secret, line.Text, StringComparison.OrdinalIgnoreCase))
        );
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task A_part_of_a_joined_name_that_comes_late_is_joined_and_one_that_is_overtaken_is_superseded(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(
            azurite,
            new SimulatorOptions { Campaigns = 1, CustomersPerAssignment = 20 }.EarlyIn(api),
            null,
            ("Upserts__Senders__crm__Kind", "json"),
            ("Upserts__Senders__crm__Secret", "test-secret"),
            ("Upserts__Senders__crm__EventTime", "/at"),
            ("Upserts__Senders__crm__FieldMap", """{"name":{"join":["firstname","lastname"]}}""")
        );
        await lane.SnapshotAsync();
        var customer = lane.Cube.Data.Customers(lane.Assignment).First();
        async Task<string> SendAsync(string minute, string fields)
        {
            var ids = await lane.HookAsync(
                $$"""{"customer_id":"{{customer["customer_id"]}}","at":"2026-11-01T08:{{minute}}:00Z",{{fields}}}"""
            );
            await lane.DeliverAsync(ids);
            Assert.True((await lane.StatesAsync(ids)).TrueForAll(state => state.State is "delivered" or "superseded"));
            return $"{lane.Cube.Data.Customer(lane.Assignment, (long)customer["id"]!)!["name"]}";
        }

        Assert.Equal("Kari Hansen", await SendAsync("00", """ "firstname":"Kari","lastname":"Hansen" """));
        Assert.Equal("Karianne Hansen", await SendAsync("10", """ "firstname":"Karianne" """));
        Assert.Equal("Karianne Nilsen", await SendAsync("05", """ "lastname":"Nilsen" """));
        Assert.Equal("Karianne Nilsen", await SendAsync("02", """ "lastname":"Olsen" """));
    }

    /// <summary>
    /// From post to settled rows a new customer takes eight requests and the look for messages, and one who was here before a ninth:
    /// mailbox and events are rows of two tables, which no transaction spans. The first who is not new after others who were takes three
    /// more.
    /// </summary>
    [Theory]
    [OverGenerations(First = true)]
    public async Task An_upsert_takes_the_storage_requests_that_it_needs(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(azurite, Options.EarlyIn(api), null, withLine: true, Sender);
        await lane.SnapshotAsync();
        var ids = lane.ImportedIds();
        var requests = new ConcurrentQueue<string>();

        // The first finds caches empty.
        await lane.DeliverAsync(await lane.PostAsync($$"""{"customer_id":"{{ids[0]}}","city":"Voss"}"""));
        lane.Line!.Refuse = (_, method, address) =>
        {
            // Account and query say nothing of what is asked.
            requests.Enqueue($"{method} {address.Split('/', 3)[2].Split('?', '(', '/')[0]}");
            return false;
        };
        string[] accept = ["PUT cube-inbox", "POST CubeUpserts", "POST cube-upserts"];
        string[] read = ["GET CubeUpserts", "GET CubeCustomers"];
        string[] write = ["PUT CubeCustomers", "PUT CubeCustomers", "PATCH CubeUpserts", "DELETE cube-upserts"];
        string[] writeNew = ["POST CubeCustomers", .. write.Skip(1)];
        Assert.Equal([.. accept, "GET CubeUpserts", .. writeNew], await RequestsAsync(ids[1], "Voss"));
        Assert.Equal(
            [.. accept, "GET CubeUpserts", "POST CubeCustomers", "GET CubeCustomers", .. read, .. write],
            await RequestsAsync(ids[0], "Bergen")
        );
        Assert.Equal([.. accept, .. read, .. write], await RequestsAsync(ids[1], "Bergen"));
        Assert.Equal([.. accept, .. read, .. writeNew], await RequestsAsync(ids[2], "Bergen"));

        async Task<IEnumerable<string>> RequestsAsync(string customer, string city)
        {
            lane.Cube.Requests.Clear();
            requests.Clear();
            await lane.PostAsync($$"""{"customer_id":"{{customer}}","city":"{{city}}"}""");
            await lane.PumpUntilAsync(() =>
                Task.FromResult(lane.Cube.Requests.All.Any(request => request.Method == "PUT") && requests.Contains("DELETE cube-upserts"))
            );
            return requests.Where(request => request is not ("GET cube-upserts" or "GET cube-state" or "GET cube-upserts-poison"));
        }
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task An_id_that_would_be_another_address_is_dead_and_nobody_else_waits_for_it(TenantApi api)
    {
        await using var lane = await Lane.StartAsync(
            azurite,
            new SimulatorOptions { Campaigns = 1, CustomersPerAssignment = 20 }.EarlyIn(api)
        );
        await lane.SnapshotAsync();
        var odd = await lane.PostAsync(
            """[{"customer_id":"..","name":"A"},{"customer_id":".","name":"B"},{"customer_id":"a/b","name":"C"}]"""
        );
        var good = await lane.PostAsync("""[{"customer_id":"CRM-1","name":"D"},{"customer_id":"CRM-1","name":"E"}]""");
        await lane.DeliverAsync([.. odd, .. good]);
        AtLeastOne.All(
            await lane.StatesAsync(odd),
            state => Assert.Equal(("dead", "the customer's id cannot stand in an address of Cube's"), state)
        );
        Assert.Equal(["superseded", "delivered"], (await lane.StatesAsync(good)).Select(state => state.State));
        Assert.Equal(
            "E",
            $"{lane.Cube.Data.Customer(lane.Assignment, lane.Cube.Data.FindCustomer(lane.Assignment, "CRM-1")!.Value)!["name"]}"
        );
    }
}
