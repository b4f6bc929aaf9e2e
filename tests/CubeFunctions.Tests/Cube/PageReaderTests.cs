using System.Text;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using Xunit;

namespace CubeFunctions.Tests.Cube;

public sealed class PageReaderTests
{
    [Fact]
    public void Count_next_records_and_keys_are_read()
    {
        var page = Read(
            FeedCatalogue.Customers,
            """{"count":3,"next":"https://x/?page=2","previous":null,"results":[{"id":1,"name":"Åse"},{"id":2,"a":{"id":9}},{"id":"3"}]}"""
        );
        Assert.Equal((3, "https://x/?page=2", 3, 0), (page.Count, page.Next, page.Records, page.KeylessRecords));
        Assert.Equal(3, page.KeyHashes.Distinct().Count());
    }

    [Fact]
    public void Numbers_and_text_of_the_same_digits_are_the_same_key_and_leading_zeros_are_not()
    {
        var page = Read(FeedCatalogue.Customers, """{"count":"4","next":"","results":[{"id":7},{"id":"7"},{"id":"07"},{"id":"\u0037"}]}""");
        Assert.Null(page.Next);
        Assert.Equal(4, page.Count);
        Assert.Equal(page.KeyHashes[0], page.KeyHashes[1]);
        Assert.Equal(page.KeyHashes[0], page.KeyHashes[3]);
        Assert.NotEqual(page.KeyHashes[0], page.KeyHashes[2]);
    }

    [Fact]
    public void A_record_with_an_empty_key_has_none() =>
        Assert.Equal(
            3,
            Read(
                FeedCatalogue.Customers,
                """{"count":3,"next":null,"results":[{"crm__customer_id":""},{"crm__customer_id":null},{}]}"""
            ).KeylessRecords
        );

    [Fact]
    public void The_content_of_equal_records_is_equal_in_any_order()
    {
        var one = Read(FeedCatalogue.Responses, """{"count":2,"next":null,"results":[{"a":1},{"b":2}]}""");
        var other = Read(FeedCatalogue.Responses, """{"count":2,"next":null,"results":[{"b":2},{"a":1}]}""");
        var third = Read(FeedCatalogue.Responses, """{"count":2,"next":null,"results":[{"b":2},{"a":2}]}""");
        Assert.Equal(one.Content, other.Content);
        Assert.NotEqual(one.Content, third.Content);
    }

    [Theory]
    [InlineData("<!DOCTYPE html><html></html>", CubeFailureKind.NotJson)]
    [InlineData("  \n<html>", CubeFailureKind.NotJson)]
    [InlineData("", CubeFailureKind.MalformedPage)]
    [InlineData("{}", CubeFailureKind.MalformedPage)]
    [InlineData("[]", CubeFailureKind.MalformedPage)]
    [InlineData("null", CubeFailureKind.MalformedPage)]
    [InlineData("""{"count":1,"next":null}""", CubeFailureKind.MalformedPage)]
    [InlineData("""{"next":null,"results":[]}""", CubeFailureKind.MalformedPage)]
    [InlineData("""{"count":-1,"next":null,"results":[]}""", CubeFailureKind.MalformedPage)]
    [InlineData("""{"count":1,"next":null,"results":[1]}""", CubeFailureKind.MalformedPage)]
    [InlineData("""{"count":1,"next":null,"results":[{"id":1}""", CubeFailureKind.MalformedPage)]
    [InlineData("""{"count":1,"next":null,"results":[{"id":1}]}}""", CubeFailureKind.MalformedPage)]
    [InlineData("""{"count":1,"next":7,"results":[]}""", CubeFailureKind.MalformedPage)]
    public void What_is_not_the_page_is_told(string body, CubeFailureKind kind) =>
        Assert.Equal(kind, Assert.Throws<CubeException>(() => Read(FeedCatalogue.Customers, body)).Kind);

    [Fact]
    public void A_byte_order_mark_is_no_fault()
    {
        byte[] body = [0xEF, 0xBB, 0xBF, .. """[{"id":1}]"""u8];
        Assert.Equal(1, PageReader.Read(FeedCatalogue.CustomFields, body).Records);
    }

    [Fact]
    public void Every_prefix_of_a_page_is_malformed()
    {
        var whole = Encoding.UTF8.GetBytes("""{"count":2,"next":null,"previous":null,"results":[{"id":1,"Antall år":"3"},{"id":2}]}""");
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Equal(
                CubeFailureKind.MalformedPage,
                Assert.Throws<CubeException>(() => PageReader.Read(FeedCatalogue.Customers, whole.AsSpan(0, length))).Kind
            );
        }
    }

    private static PageSummary Read(Feed feed, string body) => PageReader.Read(feed, Encoding.UTF8.GetBytes(body));
}
