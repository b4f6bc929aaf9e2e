using System.Text;
using CubeFunctions.Core.Senders;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

public sealed class CustomerPostTests
{
    [Fact]
    public void A_customer_is_taken_as_sent()
    {
        var told = Assert.Single(
            Parse(
                """{"customer_id":1006967,"name":"Ragnhild Sæther","zip_code":"0150","number_of_employees":3,"active":true,"phone_2":null}"""
            ).Events
        );
        Assert.Equal(
            ("fresh", "1006967", "17", TestSenders.Arrival, true),
            (told.EventId, told.CustomerId, told.AssignmentId, told.EventTime, told.EventTimeIsArrival)
        );
        Assert.Equal("""active=true name="Ragnhild Sæther" number_of_employees=3 phone_2=null zip_code="0150" """.TrimEnd(), told.Line());
    }

    [Fact]
    public void A_thousand_customers_have_ids_of_their_own()
    {
        static string Body(int count) =>
            $"[{string.Join(',', Enumerable.Range(0, count).Select(i => $$"""{"customer_id":"{{i:0000}}","name":"x"}"""))}]";
        var parsed = Parse(Body(1000));
        Assert.Equal(1000, parsed.Events.Select(told => told.EventId).Distinct().Count());
        Assert.Equal(("fresh:999", "0999"), (parsed.Events[^1].EventId, parsed.Events[^1].CustomerId));
        Assert.Equal(RefusalKind.TooMany, Parse(Body(1001)).Refusal!.Kind);
    }

    [Theory]
    [InlineData("""[{"customer_id":"1","name":"a"},{"name":"b"}]""", "Customer '/1': field 'customer_id' is missing")]
    [InlineData("""{"customer_id":""}""", "field 'customer_id' is missing")]
    [InlineData("""{"customer_id":"1"}""", "there is no field besides 'customer_id'")]
    [InlineData("""{"customer_id":"1","name":["a"]}""", "field 'name' is an object or an array")]
    [InlineData("""{"customer_id":"1","id":7,"name":"a"}""", "field 'id' is not taken")]
    [InlineData("""{"customer_id":"1","assignment_id":"18","name":"a"}""", "field 'assignment_id' names another assignment")]
    [InlineData("""[{"customer_id":"1","name":"a"},7]""", "'/1' is not a customer")]
    [InlineData("[]", "The body is an empty array")]
    [InlineData("null", "The body is neither")]
    [InlineData("{", "Not valid JSON: line 1, byte 2.")]
    public void A_fault_of_any_customer_refuses_the_body(string body, string detail)
    {
        var refusal = Parse(body).Refusal!;
        Assert.StartsWith(detail, refusal.Detail);
        Assert.Equal(400, refusal.Status);
    }

    [Fact]
    public void The_assignment_may_be_repeated_in_the_body() =>
        Assert.Equal("name=\"a\"", Assert.Single(Parse("""{"customer_id":"1","assignment_id":17,"name":"a"}""").Events).Line());

    private static ParsedBody Parse(string body) =>
        CustomerPostParser.Parse("17", TestSenders.Headers(), Encoding.UTF8.GetBytes(body), TestSenders.Arrival, "fresh");
}
