using System.Text;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using Xunit;

namespace CubeFunctions.Tests.Changes;

public sealed class ContentHashTests
{
    [Theory]
    [InlineData("""{"id":7,"name":"Åse","city":"Oslo"}""", """{"city":"Oslo","id":7,"name":"Åse"}""", true)]
    [InlineData("""{"id":7,"name":"Åse"}""", """ { "id" : 7 , "name" : "Åse" } """, true)]
    [InlineData("""{"id":7,"name":"Åse"}""", """{"id":7,"na\u006de":"\u00c5se"}""", true)]
    [InlineData("""{"id":7,"zip":355116}""", """{"id":7,"zip":"355116"}""", true)]
    [InlineData("""{"id":7,"zip":"0355"}""", """{"id":7,"zip":355}""", false)]
    [InlineData("""{"id":7,"price":1.0}""", """{"id":7,"price":1}""", false)]
    [InlineData("""{"id":7,"email":""}""", """{"id":7,"email":null}""", true)]
    [InlineData("""{"id":7,"email":""}""", """{"id":7}""", true)]
    [InlineData("""{"id":7,"email":"a"}""", """{"id":7,"email":""}""", false)]
    [InlineData("""{"id":7,"a":"x","b":"y"}""", """{"id":7,"a":"y","b":"x"}""", false)]
    [InlineData("""{"id":7,"tags":[1,2]}""", """{"id":7,"tags":["1", "2"]}""", true)]
    [InlineData("""{"id":7,"tags":[1,2]}""", """{"id":7,"tags":[2,1]}""", false)]
    [InlineData("""{"id":7,"tags":[{"a":1,"b":2}]}""", """{"id":7,"tags":[{"b":2,"a":1}]}""", true)]
    [InlineData(
        """{"id":7,"name":"Åse","updated":"2026-01-01","updated_by":"x"}""",
        """{"id":7,"name":"Åse","updated":"2026-02-02","update_method":"y"}""",
        true
    )]
    public void Content_is_what_is_said_not_how(string one, string other, bool same)
    {
        var (a, b) = (Digest(FeedCatalogue.Customers, one), Digest(FeedCatalogue.Customers, other));
        Assert.Equal(a.Key, b.Key);
        Assert.Equal(same, a.Content == b.Content);
    }

    [Fact]
    public void Fields_to_ignore_can_be_chosen()
    {
        var settings = new ChangeSettings { IgnoreFields = ["city"] };
        Assert.Equal(
            Digest(FeedCatalogue.Customers, """{"id":7,"city":"Oslo"}""", settings).Content,
            Digest(FeedCatalogue.Customers, """{"id":7,"city":"Bergen"}""", settings).Content
        );
        Assert.NotEqual(
            Digest(FeedCatalogue.Customers, """{"id":7,"updated":"1"}""", settings).Content,
            Digest(FeedCatalogue.Customers, """{"id":7,"updated":"2"}""", settings).Content
        );
    }

    [Fact]
    public void The_customers_own_fields_are_no_content_of_a_response()
    {
        const string Rest =
            "\"crm__customer_id\":\"7\",\"response_submitted_when\":\"2026-06-01 10:00\",\"response_submitted_by\":\"Kari\"";
        var one = Digest(FeedCatalogue.Responses, $$"""{{{Rest}},"crm__standard_info__name":"Åse","response_comment":"ja"}""");
        var moved = Digest(FeedCatalogue.Responses, $$"""{{{Rest}},"crm__standard_info__name":"Åse Berg","response_comment":"ja"}""");
        var corrected = Digest(FeedCatalogue.Responses, $$"""{{{Rest}},"crm__standard_info__name":"Åse","response_comment":"nei"}""");
        Assert.Equal(one, moved);
        Assert.Equal(one.Key, corrected.Key);
        Assert.NotEqual(one.Content, corrected.Content);
        Assert.Equal(new DateOnly(2026, 6, 1).DayNumber, one.Day);
    }

    private static RecordDigest Digest(Feed feed, string record, ChangeSettings? settings = null)
    {
        var page = Encoding.UTF8.GetBytes($$"""{"count":1,"next":null,"previous":null,"results":[{{record}}]}""");
        return Assert.Single(new RecordReader(feed, new ContentRules(feed, settings ?? new ChangeSettings())).Read(page).Digests);
    }
}
