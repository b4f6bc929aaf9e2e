using CubeFunctions.Core.Senders;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

public sealed class HubSpotBodyTests
{
    [Fact]
    public void A_property_event_brings_one_value_of_one_customer()
    {
        var told = TestSenders
            .HubSpot()
            .One(
                """[{"eventId":100,"subscriptionId":1,"portalId":62515,"appId":54321,"occurredAt":1764000000123,"subscriptionType":"contact.propertyChange","attemptNumber":0,"objectId":901,"propertyName":"email","propertyValue":"asne@example.no","changeSource":"CRM"}]"""
            );
        Assert.Equal(
            ("100:901:1764000000123:email", "901", "17", false),
            (told.EventId, told.CustomerId, told.AssignmentId, told.EventTimeIsArrival)
        );
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1764000000123), told.EventTime);
        Assert.Equal("email=\"asne@example.no\"", told.Line());
    }

    [Fact]
    public void A_part_of_a_joined_field_stays_a_part()
    {
        var parsed = TestSenders.HubSpot().Parse($"[{Event(1, "firstname", "\"Åsne\"")},{Event(2, "lastname", "\"Ødegård\"")}]");
        Assert.Equal(["name=\"Åsne\"", "name[1]=\"Ødegård\""], parsed.Events.Select(TestSenders.Line));
        AtLeastOne.All(parsed.Events, told => Assert.Equal(2, told.Values[0].Parts));
    }

    [Fact]
    public void Attempts_of_one_event_have_one_id_and_count_once_in_a_post()
    {
        var first = TestSenders.HubSpot().One($"[{Event(1, "email", "\"a@example.no\"", attempt: 0)}]");
        var again = TestSenders.HubSpot().One($"[{Event(1, "email", "\"a@example.no\"", attempt: 3)}]");
        Assert.Equal(first.EventId, again.EventId);
        Assert.Single(
            TestSenders.HubSpot().Parse($"[{Event(1, "email", "\"a\"", attempt: 0)},{Event(1, "email", "\"a\"", attempt: 1)}]").Events
        );

        // HubSpot does not promise that its event ids are unique.
        Assert.Equal(2, TestSenders.HubSpot().Parse($"[{Event(1, "email", "\"a\"")},{Event(1, "phone", "\"1\"")}]").Events.Count);
    }

    [Theory]
    [InlineData("date_of_birth", "\"641260800000\"", "birth_date=\"1990-04-28\"")]
    [InlineData("date_of_birth", "\"1990-04-28\"", "birth_date=\"1990-04-28\"")]
    [InlineData("date_of_birth", "\"\"", "birth_date=\"\"")]
    [InlineData("date_of_birth", "null", "birth_date=null")]
    [InlineData("gender", "\"2\"", "gender=\"Male\"")]
    [InlineData("gender", "1", "gender=\"Female\"")]
    [InlineData("gender", "\"\"", "gender=\"\"")]
    [InlineData("years", "7", "custom:Antall år=7")]
    public void Values_are_converted_as_the_map_says(string property, string value, string line) =>
        Assert.Equal(line, TestSenders.HubSpot().One($"[{Event(1, property, value)}]").Line());

    [Theory]
    [InlineData("date_of_birth", "\"28th of April\"", "field 'birth_date': the value of source 'date_of_birth' is not a date")]
    [InlineData("gender", "\"unknown\"", "field 'gender': the value of source 'gender' is not in the field's table of values")]
    [InlineData("phone", "[]", "field 'phone_1': source 'phone' is an object or an array, not a single value")]
    public void A_value_that_cannot_be_converted_is_dead_by_the_names_of_field_and_source(string property, string value, string reason) =>
        Assert.Equal(reason, TestSenders.HubSpot().One($"[{Event(1, property, value)}]").Dead);

    [Theory]
    [InlineData("contact.deletion", "deleted in HubSpot")]
    [InlineData("contact.privacyDeletion", "deleted for privacy in HubSpot")]
    [InlineData("contact.merge", "merged in HubSpot")]
    [InlineData("contact.creation", "created in HubSpot")]
    [InlineData("contact.restore", "no property was changed")]
    [InlineData("contact.associationChange", "no property was changed")]
    [InlineData("deal.propertyChange", "the event is about another kind of record")]
    [InlineData("contactpropertyChange", "the event is about another kind of record")]
    public void Other_events_are_ignored_with_the_reason(string subscription, string reason)
    {
        var told = TestSenders
            .HubSpot()
            .One(
                $$"""[{"eventId":1,"subscriptionType":"{{subscription}}","objectId":901,"occurredAt":1764000000000,"propertyName":"email","propertyValue":"x"}]"""
            );
        Assert.StartsWith(reason, told.Ignored);
        Assert.Equal(("901", null), (told.CustomerId, told.Dead));
        Assert.Empty(told.Values);
    }

    [Theory]
    [InlineData("object.propertyChange", "0-1", null, "email=\"x\"")]
    [InlineData("object.propertyChange", "0-2", null, "")]
    [InlineData("object.propertyChange", "0-2", "company", "email=\"x\"")]
    [InlineData("company.propertyChange", null, "Company", "email=\"x\"")]
    public void Generic_subscriptions_and_companies_are_read(string subscription, string? typeId, string? entity, string line) =>
        Assert.Equal(
            line,
            TestSenders
                .HubSpot(("Entity", entity))
                .One(
                    $$"""[{"eventId":1,"subscriptionType":"{{subscription}}","objectTypeId":"{{typeId}}","objectId":901,"occurredAt":1764000000000,"propertyName":"email","propertyValue":"x"}]"""
                )
                .Line()
        );

    [Fact]
    public void A_merge_without_an_object_is_ignored_too()
    {
        var told = TestSenders
            .HubSpot()
            .One(
                """[{"eventId":1,"subscriptionType":"contact.merge","primaryObjectId":901,"mergedObjectIds":[902],"newObjectId":903,"occurredAt":1764000000000}]"""
            );
        Assert.Equal("1:903:1764000000000:", told.EventId);
        Assert.StartsWith("merged", told.Ignored);
    }

    [Fact]
    public void A_property_that_is_not_mapped_is_not_wanted() =>
        Assert.Equal("no mapped field is in the event", TestSenders.HubSpot().One($"[{Event(1, "hs_lead_status", "\"NEW\"")}]").Ignored);

    [Fact]
    public void A_broken_event_is_dead_and_the_others_are_not()
    {
        var parsed = TestSenders
            .HubSpot()
            .Parse(
                $$"""[7,{},{"eventId":1,"subscriptionType":"contact.propertyChange","objectId":901},{"eventId":2,"subscriptionType":"contact.propertyChange","occurredAt":1764000000000,"propertyName":"email","propertyValue":"x"},{"eventId":3,"subscriptionType":"contact.propertyChange","objectId":901,"occurredAt":1764000000000,"propertyName":"email"},{{Event(9, "email", "\"x\"")}}]"""
            );
        Assert.Equal(
            ["fresh:0", "fresh:1", "1:901::", "2::1764000000000:email", "3:901:1764000000000:email", "9:901:1764000000000:email"],
            parsed.Events.Select(told => told.EventId)
        );
        AtLeastOne.All(parsed.Events.SkipLast(1), told => Assert.NotNull(told.Dead));
        Assert.Null(parsed.Events[^1].Dead);
    }

    [Fact]
    public void A_customer_id_that_the_map_takes_from_a_property_is_not_in_other_properties_events()
    {
        var sender = TestSenders.HubSpot(("FieldMap", """{"customer_id":"customer_number","email":"email"}"""));
        Assert.StartsWith("field 'customer_id': source 'customer_number' is missing", sender.One($"[{Event(1, "email", "\"x\"")}]").Dead);
        Assert.Equal(
            "0077",
            sender.One("""{"vid":1,"properties":{"customer_number":{"value":"0077"},"email":{"value":"x"}}}""").CustomerId
        );
    }

    [Fact]
    public void A_workflow_posts_the_whole_contact()
    {
        var told = TestSenders
            .HubSpot()
            .One(
                """{"vid":901,"canonical-vid":901,"portal-id":62515,"is-contact":true,"properties":{"firstname":{"value":"Åsne","versions":[{"value":"Åsne","timestamp":1763000000000}]},"phone":{"value":"+4740000000","versions":[]},"lastmodifieddate":{"value":"1763900000000","versions":[]},"unwanted":{"value":"x"}},"form-submissions":[],"merge-audits":[]}"""
            );
        Assert.Equal(
            ("fresh", "901", DateTimeOffset.FromUnixTimeMilliseconds(1763900000000), false),
            (told.EventId, told.CustomerId, told.EventTime, told.EventTimeIsArrival)
        );

        // HubSpot leaves out what a contact has no value of: the last name is known to be empty.
        Assert.Equal("""name="Åsne" name[1]=null phone_1="+4740000000" """.TrimEnd(), told.Line());
    }

    [Theory]
    [InlineData(
        """{"id":"901","properties":{"firstname":"Åsne","lastname":"Ødegård","lastmodifieddate":"2025-11-23T12:13:20Z"},"archived":false}""",
        false,
        "name=\"Åsne\" name[1]=\"Ødegård\""
    )]
    [InlineData("""{"vid":901,"properties":{"id":{"value":"5"},"vid":{"value":"6"},"phone":{"value":"1"}}}""", true, "phone_1=\"1\"")]
    [InlineData("""{"properties":{"id":{"value":"5"},"hs_object_id":{"value":"901"},"phone":{"value":"1"}}}""", true, "phone_1=\"1\"")]
    [InlineData("""{"hs_object_id":901,"firstname":"Åsne"}""", true, "name=\"Åsne\"")]
    [InlineData("""{"objectId":901,"phone":"1","properties":[]}""", true, "phone_1=\"1\"")]
    public void A_contact_comes_in_other_shapes_too(string body, bool arrival, string line)
    {
        var told = TestSenders.HubSpot().One(body);
        Assert.Equal(("901", arrival, line), (told.CustomerId, told.EventTimeIsArrival, told.Line()));
    }

    [Fact]
    public void An_archived_contact_is_ignored() =>
        Assert.StartsWith("deleted", TestSenders.HubSpot().One("""{"id":"901","archived":true,"properties":{"email":"x"}}""").Ignored);

    [Fact]
    public void A_hundred_events_are_the_most_and_none_is_a_fault()
    {
        string Body(int count) => $"[{string.Join(',', Enumerable.Range(0, count).Select(i => Event(i, "email", "\"x\"")))}]";
        Assert.Equal(100, TestSenders.HubSpot().Parse(Body(100)).Events.Count);
        Assert.Equal(RefusalKind.TooMany, TestSenders.HubSpot().Parse(Body(101)).Refusal!.Kind);
        Assert.Equal(RefusalKind.Empty, TestSenders.HubSpot().Parse("[]").Refusal!.Kind);
        Assert.Equal(RefusalKind.WrongShape, TestSenders.HubSpot().Parse("7").Refusal!.Kind);
    }

    private static string Event(int id, string property, string value, int attempt = 0) =>
        $$"""{"eventId":{{id}},"subscriptionType":"contact.propertyChange","attemptNumber":{{attempt}},"objectId":901,"propertyName":"{{property}}","propertyValue":{{value}},"occurredAt":1764000000000}""";
}
