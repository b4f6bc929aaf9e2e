using System.Globalization;
using System.Text;
using Cube.Simulator;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Upserts;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

/// <summary>What real senders send, with its right meaning.</summary>
public sealed class SenderRuleTests(AzuriteFixture azurite)
{
    private const string Secret = "test-secret";
    private const string StandardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string PublicUrl = "https://hooks.example.test";
    private static readonly SimulatorOptions Options = new()
    {
        Campaigns = 1,
        CustomersPerAssignment = 20,
        AnonymisedPerThousand = 0,
    };

    [Theory]
    [InlineData("20251126", "2025-11-26T00:00:00Z")]
    [InlineData("\"20251126\"", "2025-11-26T00:00:00Z")]
    [InlineData("1764000000", "2025-11-24T16:00:00Z")]
    [InlineData("0", null)]
    [InlineData("86400", null)]
    [InlineData("\"1970-01-01\"", null)]
    [InlineData("\"1899-12-30T00:00:00Z\"", null)]
    public void A_time_is_plausible_or_none(string json, string? time)
    {
        var told = TestSenders.Json(("EventTime", "/changed")).One($$"""{"customer_id":"1","name":"a","changed":{{json}}}""");
        Assert.Equal(time is null ? TestSenders.Arrival : DateTimeOffset.Parse(time, CultureInfo.InvariantCulture), told.EventTime);
        Assert.Equal(time is null, told.Dead is not null);
    }

    [Fact]
    public void The_envelope_of_Standard_Webhooks_has_its_own_time()
    {
        const string Body = """{"type":"customer.updated","timestamp":"2026-11-20T10:00:00Z","data":{"id":"410000065","city":"Moss"}}""";
        var sender = TestSenders.StandardWebhooks(("Items", "/data"), ("FieldMap", """{"customer_id":"id","city":"city"}"""));
        var told = sender.One(Body, ("webhook-id", "msg_1"));
        Assert.Equal(
            (DateTimeOffset.Parse("2026-11-20T10:00:00Z", CultureInfo.InvariantCulture), false, "410000065"),
            (told.EventTime, told.EventTimeIsArrival, told.CustomerId)
        );
        Assert.False(sender.One(Body.Replace("\"type\":\"customer.updated\",", "", StringComparison.Ordinal)).EventTimeIsArrival);
        Assert.True(sender.One(Body.Replace("2026-11-20T10:00:00Z", "soon", StringComparison.Ordinal)).EventTimeIsArrival);
    }

    [Theory]
    [InlineData("application/json; charset=utf8", null)]
    [InlineData("application/json; charset=\"UTF8\"", null)]
    [InlineData("application/json; charset=utf16", 415)]
    public void A_charset_may_lack_its_hyphen(string contentType, int? status) =>
        Assert.Equal(status, TestSenders.Json().Parse("""{"customer_id":"1","name":"a"}""", ("content-type", contentType)).Refusal?.Status);

    [Theory]
    [InlineData("svix-")]
    [InlineData("webhook-")]
    public void A_Standard_Webhooks_signature_comes_in_headers_of_both_names(string prefix)
    {
        var sender = TestSenders.StandardWebhooks();
        var body = """{"customer_id":"1","name":"a"}"""u8.ToArray();
        var headers = TestSenders.Headers(
            (prefix + "id", "msg_1"),
            (prefix + "timestamp", $"{TestSenders.Arrival.ToUnixTimeSeconds()}"),
            (
                prefix + "signature",
                StandardWebhooksSignature.Sign(StandardWebhooksSignature.Key(StandardSecret)!, "msg_1", TestSenders.Arrival, body)
            )
        );
        Assert.Equal(SenderVerdict.Verified, SenderVerifier.Verify(sender, "POST", "/", headers, body, TestSenders.Arrival));
        Assert.Equal("msg_1", Assert.Single(SenderParser.Parse(sender, headers, body, TestSenders.Arrival, "fresh").Events).EventId);
    }

    [Theory]
    [InlineData("/api/webhooks/crm?code=a%20value%20both%20sides%20know", null, SenderVerdict.Verified)]
    [InlineData("/api/webhooks/crm", "a value both sides know", SenderVerdict.Verified)]
    [InlineData("/api/webhooks/crm", "another", SenderVerdict.BadSignature)]
    [InlineData("/api/webhooks/crm?code=another", "a value both sides know", SenderVerdict.BadSignature)]
    [InlineData("/api/webhooks/crm", null, SenderVerdict.MissingHeader)]
    public void A_Dataverse_secret_stands_in_the_query_or_in_a_header(string target, string? header, SenderVerdict verdict) =>
        Assert.Equal(
            verdict,
            SenderVerifier.Verify(
                TestSenders.Dataverse(),
                "POST",
                target,
                TestSenders.Headers(header is null ? [] : [("x-webhook-secret", header)]),
                "{}"u8,
                TestSenders.Arrival
            )
        );

    [Theory]
    [InlineData("1e400", "field 'Antall år' is a number that is out of range")]
    [InlineData("-1e400", "field 'Antall år' is a number that is out of range")]
    [InlineData("\"a\\u0000b\"", "field 'Antall år' holds a NUL character")]
    [InlineData("[1]", "field 'Antall år' is an object or an array")]
    public void A_value_that_Cube_cannot_hand_back_is_refused_by_the_name_of_its_field(string json, string reason)
    {
        var body = $$"""{"customer_id":"410000065","assignment_id":31,"Antall år":{{json}},"city":"Moss"}""";
        var refusal = CustomerPostParser
            .Parse("31", TestSenders.Headers(), Encoding.UTF8.GetBytes(body), TestSenders.Arrival, "fresh")
            .Refusal!;
        Assert.Equal(400, refusal.Status);
        Assert.StartsWith(reason, refusal.Detail);
        var told = TestSenders.Json(("AssignmentId", "31")).One(body);
        Assert.StartsWith(reason, told.Dead);
        Assert.Equal("city", Assert.Single(told.Mappable).Field);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused_by_the_name_of_its_field_and_costs_one_event_of_a_HubSpot_post()
    {
        Assert.StartsWith(
            "Field 'city' holds half a surrogate pair: line 1",
            TestSenders.Json().Parse("""{"customer_id":"1","city":"\ud83d"}""").Refusal!.Detail
        );
        var events = TestSenders
            .HubSpot()
            .Parse(
                """[{"eventId":1,"subscriptionType":"contact.propertyChange","objectId":901,"propertyName":"email","propertyValue":"a\ud83d","occurredAt":1764000000000},{"eventId":2,"subscriptionType":"contact.propertyChange","objectId":902,"propertyName":"email","propertyValue":"\ud83d\ude00","occurredAt":1764000000000}]"""
            )
            .Events;
        Assert.Equal(["field 'email': source 'email' holds half a surrogate pair", null], events.Select(told => told.Dead));
        Assert.Equal("email=\"\\ud83d\\ude00\"", events[1].Line());
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task A_HubSpot_merge_carries_what_waits_to_the_record_that_remains_and_a_person_sees_a_privacy_deletion(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
        await using var lane = await Lane.StartAsync(
            azurite,
            Options.EarlyIn(api),
            clock,
            ("Upserts__Senders__hub__Kind", "hubspot"),
            ("Upserts__Senders__hub__Secret", Secret),
            ("Upserts__Senders__hub__PublicUrl", PublicUrl),
            ("Upserts__Senders__hub__FieldMap", """{"email":"email","city":"city"}""")
        );
        var waiting = await HubAsync(
            lane,
            clock,
            """[{"eventId":7,"subscriptionType":"contact.propertyChange","objectId":102,"propertyName":"city","propertyValue":"Moss","occurredAt":1794000000000}]"""
        );
        await lane.PumpAsync(TimeSpan.FromSeconds(1));
        const string Merge =
            """[{"eventId":1,"subscriptionId":7,"portalId":1,"appId":2,"occurredAt":1795000000000,"subscriptionType":"contact.merge","attemptNumber":0,"primaryObjectId":101,"mergedObjectIds":[102],"newObjectId":103,"numberOfPropertiesMoved":4},{"eventId":2,"subscriptionId":8,"portalId":1,"appId":2,"occurredAt":1795000001000,"subscriptionType":"contact.privacyDeletion","attemptNumber":0,"objectId":104}]""";
        var ids = await HubAsync(lane, clock, Merge);
        var late = await HubAsync(
            lane,
            clock,
            """[{"eventId":8,"subscriptionType":"contact.propertyChange","objectId":102,"propertyName":"email","propertyValue":"a@example.no","occurredAt":1795000002000}]"""
        );
        await lane.SnapshotAsync();
        await lane.DeliverAsync([.. waiting, .. late]);
        var reader = lane.App.Get<UpsertReader>();
        await WaitFor.TrueAsync(
            async () =>
                (await reader.InStateAsync(UpsertState.Waiting, 1, TestContext.Current.CancellationToken)).Count == 0 || Delivering(lane),
            TimeSpan.FromSeconds(1),
            TimeSpan.FromMilliseconds(10)
        );
        await lane.DeliverAsync([
            .. (await reader.InStateAsync(UpsertState.Waiting, 10, TestContext.Current.CancellationToken)).Select(row =>
                row.PartitionKey + row.RowKey
            ),
        ]);

        Assert.Equal(
            ["superseded", "superseded", "ignored", "dead"],
            (await lane.StatesAsync([.. waiting, .. late, .. ids])).Select(state => state.State)
        );
        Assert.Equal(("Moss", "a@example.no"), ($"{lane.Record("103")["city"]}", $"{lane.Record("103")["email"]}"));
        Assert.Null(lane.Cube.Data.FindCustomer(lane.Assignment, "102"));
        var shown = Assert.Single(await reader.InStateAsync(UpsertState.Dead, 10, TestContext.Current.CancellationToken));
        Assert.Equal(
            ("104", "deleted for privacy in HubSpot: erase this customer here and in Cube, then drop this event"),
            (shown.CustomerId, shown.Reason)
        );
    }

    [Theory]
    [OverGenerations(First = true)]
    public async Task A_HubSpot_post_of_a_hundred_is_accepted_in_time_where_each_table_request_takes_half_a_second(TenantApi api)
    {
        var clock = new ShiftedClock(TimeProvider.System.GetUtcNow());
        await using var lane = await Lane.StartAsync(
            azurite,
            Options.EarlyIn(api),
            clock,
            withLine: true,
            ("Upserts__Senders__hub__Kind", "hubspot"),
            ("Upserts__Senders__hub__Secret", Secret),
            ("Upserts__Senders__hub__PublicUrl", PublicUrl),
            ("Upserts__Senders__hub__FieldMap", """{"email":"email"}""")
        );
        await lane.SnapshotAsync();
        lane.Line!.TableDelay = TimeSpan.FromMilliseconds(450);
        var events = string.Join(
            ',',
            Enumerable
                .Range(0, 100)
                .Select(i =>
                    $$"""{"eventId":{{i}},"subscriptionType":"contact.propertyChange","objectId":{{9000 + i}},"propertyName":"email","propertyValue":"p{{i}}@example.no","occurredAt":1794000000000}"""
                )
        );
        var started = TimeProvider.System.GetTimestamp();
        var ids = await HubAsync(lane, clock, $"[{events}]");
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal(100, ids.Count);
        lane.Line.TableDelay = TimeSpan.Zero;
        await lane.DeliverAsync(ids);
        Assert.Equal(["delivered"], (await lane.StatesAsync(ids)).Select(state => state.State).Distinct());
        Assert.Equal("p99@example.no", $"{lane.Record("9099")["email"]}");
    }

    private static bool Delivering(Lane lane) => lane.Cube.Data.FindCustomer(lane.Assignment, "103") is null;

    private static async Task<List<string>> HubAsync(Lane lane, TimeProvider clock, string body)
    {
        var milliseconds = clock.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToBase64String(
            System.Security.Cryptography.HMACSHA256.HashData(
                Encoding.UTF8.GetBytes(Secret),
                Encoding.UTF8.GetBytes($"POST{PublicUrl}/api/webhooks/hub{body}{milliseconds}")
            )
        );
        var (status, answer) = await lane.Http.PostAsync(
            "webhooks/hub",
            body,
            ("X-HubSpot-Request-Timestamp", milliseconds),
            ("X-HubSpot-Signature-v3", signature)
        );
        Assert.True(status == 202, $"{status}: {answer}");
        return [.. answer.GetProperty("upserts").EnumerateArray().Select(upsert => upsert.GetProperty("id").GetString()!)];
    }
}
