using System.Text;
using System.Text.Json;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using Xunit;

namespace CubeFunctions.Tests.Cube;

/// <summary>One pass over a page: keys, contents and places of records, however the members stand.</summary>
public sealed class RecordReaderTests
{
    [Fact]
    public void Hashes_are_those_of_state_files_that_are_already_there()
    {
        // Written down from the version that wrote state files of version 1: another value would report every record as changed.
        var digest = Assert.Single(
            Read(
                FeedCatalogue.Customers,
                """{"id":7,"customer_id":"CRM-7","name":"\u00c5se \"A\"","tags":[1,{"a":true}],"updated":"x","zip":null}"""
            ).Digests
        );
        Assert.Equal(
            "DBD6A1E71414294C 06EED105B82285FA 72C95E1148B35AE2 0",
            $"{digest.Key.High:X16} {digest.Key.Low:X16} {digest.Content:X16} {digest.Day}"
        );
        var response = Assert.Single(
            Read(
                FeedCatalogue.Responses,
                """{"crm__customer_id":9,"response_submitted_when":"2017-01-01 12:24","response_submitted_by":"K\u00e5re","response_comment":"ja"}"""
            ).Digests
        );
        Assert.Equal(
            "6C2501AA43873018 5055082BDA7FAB40 9F473906417A8F0B 736329",
            $"{response.Key.High:X16} {response.Key.Low:X16} {response.Content:X16} {response.Day}"
        );
    }

    [Fact]
    public void Members_in_any_order_and_left_out_at_will_give_what_each_record_alone_gives()
    {
        var dice = new Random(7);
        string[] members =
        [
            "\"id\":{0}",
            "\"customer_id\":\"C{0}\"",
            "\"name\":\"N{0}\"",
            "\"city\":\"Oslo\"",
            "\"a b\":{0}",
            "\"crm__customer_id\":\"\"",
            "\"n\":{{\"x\":[{0},\"y\"]}}",
            "\"updated\":\"{0}\"",
        ];
        var records = Enumerable
            .Range(1, 500)
            .Select(number =>
                "{"
                + string.Join(
                    ',',
                    members
                        .Where(_ => dice.Next(4) > 0)
                        .OrderBy(_ => number % 5 == 0 ? dice.Next() : 0)
                        .Select(member => string.Format(null, CompositeFormat.Parse(member), number))
                )
                + "}"
            )
            .ToList();
        var page = Read(FeedCatalogue.Customers, string.Join(" ,\n", records));
        var alone = records.ConvertAll(record => Assert.Single(Read(FeedCatalogue.Customers, record).Digests));
        Assert.Equal(alone, page.Digests);
        Assert.Equal(records, page.Bounds.Select(bounds => Encoding.UTF8.GetString(bounds.Of(Page(string.Join(" ,\n", records))))));
    }

    [Fact]
    public void Records_after_a_byte_order_mark_are_found_where_they_stand()
    {
        byte[] page = [0xEF, 0xBB, 0xBF, .. Page("""{"id":1},{"id":2}""")];
        var records = New(FeedCatalogue.Customers).Read(page);
        Assert.Equal(["""{"id":1}""", """{"id":2}"""], records.Bounds.Select(bounds => Encoding.UTF8.GetString(bounds.Of(page))));
    }

    [Theory]
    [InlineData("{\"id\":1,\"name\":\"\\ud83d\"}", "\uFFFD")]
    [InlineData("{\"id\":1,\"na\\ud83dme\":\"x\",\"name\":\"b\"}", "b")]
    [InlineData("{\"id\":1,\"name\":\"\\ud83d\\ude00\"}", "\U0001F600")]
    [InlineData("{\"id\":1,\"name\":\"a\\u0000b\"}", "a\0b")]
    [InlineData("{\"id\":1e400,\"name\":\"\\\\ud83d\"}", "\\ud83d")]
    public void Odd_text_is_read_and_handed_on_as_valid_json(string record, string name)
    {
        var read = Read(FeedCatalogue.Customers, record);
        Assert.Equal(1, read.Summary.Records);
        using var valid = JsonDocument.Parse(JsonEscapes.Valid(Encoding.UTF8.GetBytes(record)));
        Assert.Equal(name, valid.RootElement.GetProperty("name").GetString());
    }

    [Fact]
    public void Bytes_that_are_no_utf8_are_read_and_handed_on_as_utf8()
    {
        var page = Encoding.Latin1.GetBytes("""{"count":1,"next":null,"results":[{"id":"Å","name":"Åse"}]}""");
        var records = New(FeedCatalogue.Customers).Read(page);
        Assert.Equal(1, records.Summary.Records);
        using var valid = JsonDocument.Parse(JsonEscapes.Valid(records.Bounds[0].Of(page.AsMemory())));
        Assert.Equal("\uFFFDse", valid.RootElement.GetProperty("name").GetString());
    }

    [Fact]
    public void Valid_json_is_handed_on_as_the_same_bytes()
    {
        var record = Encoding.UTF8.GetBytes("""{"name":"Åse \ud83d\ude00 \\ud83d"}""").AsMemory();
        Assert.True(record.Equals(JsonEscapes.Valid(record)));
    }

    private static RecordReader New(Feed feed) => new(feed, new ContentRules(feed, new ChangeSettings()));

    private static PageRecords Read(Feed feed, string records) => New(feed).Read(Page(records));

    private static byte[] Page(string records) =>
        Encoding.UTF8.GetBytes($$"""{"count":1,"next":null,"previous":null,"results":[{{records}}]}""");
}
