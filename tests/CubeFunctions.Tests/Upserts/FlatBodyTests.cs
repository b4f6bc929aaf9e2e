using CubeFunctions.Core.Senders;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

public sealed class FlatBodyTests
{
    private static readonly (string, string) Id = ("webhook-id", "msg_1");

    [Fact]
    public void A_customer_passes_as_it_is_where_there_is_no_map()
    {
        var told = TestSenders
            .StandardWebhooks()
            .One(
                """{"customer_id":"05029249275","assignment_id":17,"name":"Øyvind Ærlig","active products":"fiber","address_street_no":12,"zip_code":"0150","need_to_know":null,"custom:Antall år":3}""",
                Id
            );
        Assert.Equal(
            ("msg_1", "05029249275", "17", TestSenders.Arrival, true),
            (told.EventId, told.CustomerId, told.AssignmentId, told.EventTime, told.EventTimeIsArrival)
        );
        Assert.Equal(
            """active products="fiber" address_street_no=12 custom:Antall år=3 name="Øyvind Ærlig" need_to_know=null zip_code="0150" """.TrimEnd(),
            told.Line()
        );
        Assert.Null(told.Dead ?? told.Ignored);
    }

    [Fact]
    public void Each_customer_of_an_array_has_an_id_of_its_own()
    {
        var parsed = TestSenders.StandardWebhooks().Parse("""[{"customer_id":1,"name":"a"},{"customer_id":"2","name":"b"}]""", Id);
        Assert.Equal(["msg_1:0", "msg_1:1"], parsed.Events.Select(told => told.EventId));
        Assert.Equal(["1", "2"], parsed.Events.Select(told => told.CustomerId));
    }

    [Theory]
    [InlineData("\"2026-11-24T11:00:00+02:00\"", "2026-11-24T09:00:00Z")]
    [InlineData("\"2026-11-24T09:00:00Z\"", "2026-11-24T09:00:00Z")]
    [InlineData("\"2026-11-24T10:00:00.5000000+0100\"", "2026-11-24T09:00:00.5Z")]
    [InlineData("\"2026-11-24T09:00:00.123456789Z\"", "2026-11-24T09:00:00.1234567Z")]
    [InlineData("\"2026-11-24 09:00:00\"", "2026-11-24T09:00:00Z")]
    [InlineData("1764000000", "2025-11-24T16:00:00Z")]
    [InlineData("1764000000123", "2025-11-24T16:00:00.123Z")]
    [InlineData("\"1764000000\"", "2025-11-24T16:00:00Z")]
    [InlineData("\"/Date(1764000000000+0100)/\"", "2025-11-24T16:00:00Z")]
    [InlineData("\"20261124\"", "2026-11-24T00:00:00Z")]
    [InlineData("20261124", "2026-11-24T00:00:00Z")]
    [InlineData("20261124090000", "2026-11-24T09:00:00Z")]
    [InlineData("\"20261124T090000Z\"", "2026-11-24T09:00:00Z")]
    [InlineData("\"2026-11-24T10:00:00+01\"", "2026-11-24T09:00:00Z")]
    [InlineData("\"2026-11-24 10:00:00.123+01\"", "2026-11-24T09:00:00.123Z")]
    [InlineData("\"2026-11-24t09:00:00z\"", "2026-11-24T09:00:00Z")]
    [InlineData("\"2026-11-24T09:00:00,5Z\"", "2026-11-24T09:00:00.5Z")]
    [InlineData("\"Tue, 24 Nov 2026 09:00:00 GMT\"", "2026-11-24T09:00:00Z")]
    [InlineData("1764000000.123456", "2025-11-24T16:00:00.123Z")]
    [InlineData("\"1764000000.5\"", "2025-11-24T16:00:00.5Z")]
    [InlineData("1764000000123456", "2025-11-24T16:00:00.123Z")]
    [InlineData("1764000000123456789", "2025-11-24T16:00:00.123Z")]
    [InlineData("-1", null)]
    [InlineData("0", null)]
    [InlineData("1e30", null)]
    [InlineData("\"24.11.2026\"", null)]
    [InlineData("\"yesterday\"", null)]
    [InlineData("{}", null)]
    [InlineData("true", null)]
    [InlineData("99999999999999999999", null)]
    public void The_event_time_is_read_from_the_configured_field_or_the_event_is_dead(string json, string? time)
    {
        var told = TestSenders
            .StandardWebhooks(("EventTime", "/changed"))
            .One($$"""{"customer_id":"1","name":"a","changed":{{json}}}""", Id);
        Assert.False(time is not null && told.EventTimeIsArrival);
        Assert.Equal(time is null ? TestSenders.Arrival : DateTimeOffset.Parse(time), told.EventTime);
        Assert.Equal(time is null ? "the event's time at '/changed' is not a time" : null, told.Dead);
        Assert.Equal(time is null ? "" : "name=\"a\"", told.Line());
    }

    [Fact]
    public void Without_an_event_time_the_arrival_counts()
    {
        foreach (var body in (string[])["""{"customer_id":"1","name":"a"}""", """{"customer_id":"1","name":"a","changed":null}"""])
        {
            var told = TestSenders.Json(("EventTime", "/changed")).One(body);
            Assert.Equal((TestSenders.Arrival, true, null), (told.EventTime, told.EventTimeIsArrival, told.Dead));
        }
    }

    [Fact]
    public void A_time_far_in_the_future_would_hold_back_all_later_events() =>
        Assert.Equal(
            "the event's time lies in the future",
            TestSenders.Json(("EventTime", "/changed")).One("""{"customer_id":"1","name":"a","changed":"2026-11-25T10:00:01Z"}""").Dead
        );

    [Fact]
    public void Json_customers_and_their_ids_are_found_by_pointers()
    {
        var sender = TestSenders.Json(("Items", "/data/customers"), ("EventId", "/meta/id"), ("EventTime", "/meta/at"));
        var parsed = sender.Parse(
            """{"meta":{"id":"post-9","at":"2026-11-24T08:00:00Z"},"data":{"customers":[{"customer_id":"1","name":"a"},{"customer_id":"2","name":"b","meta":null}]}}"""
        );
        Assert.Equal(["post-9:0", "post-9:1"], parsed.Events.Select(told => told.EventId));
        Assert.Equal("2026-11-24T08:00:00Z", parsed.Events[0].EventTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"));

        var own = TestSenders
            .Json(("EventId", "/version"))
            .Parse(
                """[{"customer_id":"1","name":"a","version":7},{"customer_id":"2","name":"b","version":8},{"customer_id":"3","name":"c","version":8},{"customer_id":"4","name":"d"},{"customer_id":"5","name":"e","version":"8:2"}]"""
            );
        Assert.Equal(["7", "8", "8:2", "fresh:3", "8:2:4"], own.Events.Select(told => told.EventId));
        AtLeastOne.All(own.Events, told => Assert.Single(told.Values));
    }

    [Fact]
    public void The_envelope_of_a_Standard_Webhooks_payload_is_opened_by_pointers()
    {
        var told = TestSenders
            .StandardWebhooks(("Items", "/data"), ("EventTime", "/timestamp"))
            .One("""{"type":"customer.updated","timestamp":"2026-11-24T08:00:00Z","data":{"customer_id":"1","name":"a"}}""", Id);
        Assert.Equal(("msg_1", false, "name=\"a\""), (told.EventId, told.EventTimeIsArrival, told.Line()));
    }

    [Fact]
    public void Without_an_id_each_post_is_an_event_of_its_own()
    {
        Assert.Equal("fresh", TestSenders.Json().One("""{"customer_id":"1","name":"a"}""").EventId);
        Assert.Equal("fresh:0", TestSenders.Json().One("""[{"customer_id":"1","name":"a"}]""").EventId);
    }

    [Fact]
    public void A_long_id_of_the_senders_is_hashed()
    {
        var one = TestSenders.StandardWebhooks().One("""{"customer_id":"1","name":"a"}""", ("webhook-id", new string('x', 5000)));
        Assert.StartsWith("sha256-", one.EventId);
        Assert.Equal(
            one.EventId,
            TestSenders.StandardWebhooks().One("""{"customer_id":"1","name":"a"}""", ("webhook-id", new string('x', 5000))).EventId
        );
    }

    [Theory]
    [InlineData("""{"name":"a"}""", "field 'customer_id' is missing")]
    [InlineData("""{"customer_id":null,"name":"a"}""", "field 'customer_id' is missing")]
    [InlineData("""{"customer_id":" ","name":"a"}""", "field 'customer_id' is missing")]
    [InlineData("""{"customer_id":1.5,"name":"a"}""", "field 'customer_id' is missing")]
    [InlineData("""{"customer_id":1e3,"name":"a"}""", "field 'customer_id' is missing")]
    [InlineData("""{"customer_id":-1,"name":"a"}""", "field 'customer_id' is missing")]
    [InlineData("""{"customer_id":true,"name":"a"}""", "field 'customer_id' is missing")]
    [InlineData("""{"customer_id":"a\u0000b","name":"a"}""", "field 'customer_id' is missing")]
    [InlineData("""{"customer_id":"1","name":{"first":"Kari"}}""", "field 'name' is an object or an array")]
    [InlineData("""{"customer_id":"1","tags":["a"]}""", "field 'tags' is an object or an array")]
    [InlineData("""{"customer_id":"1","id":99,"name":"a"}""", "field 'id' is not taken")]
    [InlineData("""{"customer_id":"1","crm__customer_id":"2","name":"a"}""", "field 'crm__customer_id' is not taken")]
    [InlineData("""{"customer_id":"1","assignment_id":18,"name":"a"}""", "field 'assignment_id' names another assignment")]
    [InlineData("""{"customer_id":"1","":"a"}""", "a field has no name")]
    [InlineData("""{"customer_id":"1","a\nb":"a"}""", "a field's name is too long, or holds control")]
    public void A_customer_that_cannot_be_sent_is_dead_and_the_others_are_not(string customer, string reason)
    {
        var parsed = TestSenders.Json().Parse($$"""[{{customer}},{"customer_id":"2","name":"b"}]""");
        Assert.StartsWith(reason, parsed.Events[0].Dead);
        Assert.Empty(parsed.Events[0].Values);
        Assert.Null(parsed.Events[1].Dead);
    }

    [Fact]
    public void With_a_map_only_mapped_fields_and_Cubes_own_names_are_wanted()
    {
        var sender = TestSenders.Json(
            (
                "FieldMap",
                """{"customer_id":"/account/number","name":{"join":["first","last"]},"phone_1":"phone_2","country":{"constant":"Norge"}}"""
            )
        );
        var told = sender.One(
            """{"account":{"number":"007"},"id":5,"first":"Kari","phone_2":"+4790000000","email":"kari@example.no","crm__custom_info__3":1,"tags":[],"name":"not this","customer_id":"nor this"}"""
        );
        Assert.Equal("007", told.CustomerId);
        Assert.Equal("""crm__custom_info__3=1 email="kari@example.no" name="Kari" phone_1="+4790000000" """.TrimEnd(), told.Line());
    }

    [Fact]
    public void A_customer_without_any_wanted_field_is_ignored() =>
        Assert.Equal("no mapped field is in the event", TestSenders.Json().One("""{"customer_id":"1"}""").Ignored);

    [Theory]
    [InlineData("[]", RefusalKind.Empty)]
    [InlineData("7", RefusalKind.WrongShape)]
    [InlineData("null", RefusalKind.WrongShape)]
    [InlineData("\"text\"", RefusalKind.WrongShape)]
    [InlineData("[1]", RefusalKind.WrongShape)]
    [InlineData("[{\"customer_id\":\"1\"},[]]", RefusalKind.WrongShape)]
    [InlineData("", RefusalKind.NotJson)]
    public void What_is_no_customer_is_refused(string body, RefusalKind kind)
    {
        var parsed = TestSenders.StandardWebhooks().Parse(body, Id);
        Assert.Equal((kind, 400), (parsed.Refusal!.Kind, parsed.Refusal.Status));
        Assert.Empty(parsed.Events);
    }

    [Fact]
    public void A_pointer_that_leads_nowhere_is_refused() =>
        Assert.Contains("'/data'", TestSenders.Json(("Items", "/data")).Parse("{}").Refusal!.Detail);

    [Fact]
    public void A_thousand_customers_are_the_most()
    {
        static string Body(int count) =>
            $"[{string.Join(',', Enumerable.Range(0, count).Select(i => $$"""{"customer_id":{{i}},"name":"x"}"""))}]";
        Assert.Equal(1000, TestSenders.StandardWebhooks().Parse(Body(1000), Id).Events.Count);
        Assert.Equal(RefusalKind.TooMany, TestSenders.StandardWebhooks().Parse(Body(1001), Id).Refusal!.Kind);
    }

    [Theory]
    [InlineData("application/json", true)]
    [InlineData("application/json; charset=utf-8", true)]
    [InlineData("Application/JSON; charset=\"UTF-8\"", true)]
    [InlineData("application/cloudevents+json", true)]
    [InlineData("application/json; charset=iso-8859-1", false)]
    [InlineData("text/plain", false)]
    [InlineData("application/x-www-form-urlencoded", false)]
    [InlineData("", false)]
    public void The_content_type_is_JSON_in_UTF8(string contentType, bool taken)
    {
        var parsed = TestSenders.Json().Parse("""{"customer_id":"1","name":"a"}""", ("content-type", contentType));
        Assert.Equal(taken ? null : 415, parsed.Refusal?.Status);
    }

    [Fact]
    public void A_body_over_one_MiB_is_413()
    {
        var sender = TestSenders.Json();
        var head = """{"customer_id":"1","name":"a"}""";
        Assert.Null(sender.Parse(head + new string(' ', (1024 * 1024) - head.Length)).Refusal);
        Assert.Equal(
            (RefusalKind.TooLarge, 413),
            (sender.Parse(head + new string(' ', (1024 * 1024) - head.Length + 1)).Refusal!.Kind, 413)
        );
    }

    [Theory]
    [InlineData("{\"customer_id\":\"1\",\n  \"name\":}", RefusalKind.NotJson, 2, 10)]
    [InlineData("{\"a\":1,\n\"\\u0061\":2}", RefusalKind.DuplicateMember, 2, 1)]
    [InlineData("{\"customer_id\":\"1\",\"x\":{\"b\":[{\"c\":1,\"c\":2}]}}", RefusalKind.DuplicateMember, 1, 37)]
    [InlineData("{\"a\":\n\"\\uD83D\"}", RefusalKind.NotJson, 2, 1)]
    [InlineData("{\"a\":\"\\uDE00\\uD83D\"}", RefusalKind.NotJson, 1, 6)]
    [InlineData("{\"a\":\"\\uD83Dx\\uDE00\"}", RefusalKind.NotJson, 1, 6)]
    [InlineData("{\"\\uD83D\":1}", RefusalKind.NotJson, 1, 2)]
    [InlineData("{} {}", RefusalKind.NotJson, 1, 4)]
    [InlineData("{\"a\":1,}", RefusalKind.NotJson, 1, 8)]
    [InlineData("{\"a\":NaN}", RefusalKind.NotJson, 1, 6)]
    [InlineData("<html>", RefusalKind.NotJson, 1, 1)]
    public void A_fault_is_told_with_line_and_position(string body, RefusalKind kind, long line, long position)
    {
        var refusal = TestSenders.Json().Parse(body).Refusal!;
        Assert.Equal((kind, line, position), (refusal.Kind, refusal.Line!.Value, refusal.Position!.Value));
        Assert.EndsWith($"line {line}, byte {position}.", refusal.Detail);
    }

    [Fact]
    public void A_whole_surrogate_pair_and_a_byte_order_mark_are_no_faults() =>
        Assert.Equal(
            "name=\"\\uD83D\\uDE00\\\\uD83D\"",
            TestSenders.Json().One("\uFEFF{\"customer_id\":\"1\",\"name\":\"\\uD83D\\uDE00\\\\uD83D\"}").Line()
        );

    [Fact]
    public void Bytes_that_are_no_UTF8_are_told_with_their_place()
    {
        byte[] body = [.. "{\n\"a\":\""u8, 0xC3, 0x28, .. "\"}"u8];
        var refusal = SenderParser.Parse(TestSenders.Json(), TestSenders.Headers(), body, TestSenders.Arrival, "fresh").Refusal!;
        Assert.Equal((RefusalKind.NotJson, 2, 6), (refusal.Kind, refusal.Line, refusal.Position));
    }

    [Fact]
    public void Thirty_two_levels_are_the_deepest()
    {
        static string Body(int depth) => $$"""{"customer_id":"1","a":{{new string('[', depth - 1)}}{{new string(']', depth - 1)}}}""";
        Assert.NotNull(TestSenders.Json().One(Body(32)).Dead);
        Assert.Equal(RefusalKind.TooDeep, TestSenders.Json().Parse(Body(33)).Refusal!.Kind);
        Assert.Equal(RefusalKind.TooDeep, TestSenders.Json().Parse(Body(50_000)).Refusal!.Kind);
    }

    [Fact]
    public void No_refusal_and_no_reason_repeats_a_value()
    {
        const string Name = "Torunn Fjellstad";
        string[] bodies =
        [
            $$"""{"customer_id":"1","name":{"a":"{{Name}}"} }""",
            $$"""[{"customer_id":{"a":"{{Name}}"} }]""",
            $$"""{"customer_id":"1","name":{{Name}} }""",
            $$"""{"customer_id":"1","name":"{{Name}}" "{{Name}}"}""",
            $$"""["{{Name}}"]""",
        ];
        AtLeastOne.All(
            bodies,
            body =>
            {
                var parsed = TestSenders.Json().Parse(body);
                Assert.DoesNotContain("Torunn", parsed.Refusal?.Detail ?? parsed.Events[0].Dead ?? "Torunn was taken");
            }
        );
    }
}
