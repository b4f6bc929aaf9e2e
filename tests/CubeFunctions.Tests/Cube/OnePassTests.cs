using System.Globalization;
using System.Text;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Cube;

/// <summary>
/// The one pass finds what <see cref="System.Text.Json.Utf8JsonReader"/> finds, and fails as that fails: over pages of all feeds of both
/// generations, whole, changed at random, and made of whatever JSON allows.
/// </summary>
public sealed class OnePassTests
{
    private static readonly string[] Pieces =
    [
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "/",
        " ",
        "\n",
        "\t",
        "\0",
        "\u001f",
        "\u007f",
        "-",
        "+",
        "0",
        "01",
        "7",
        ".",
        "e",
        "E9",
        "true",
        "false",
        "null",
        "tru",
        "\\u",
        "\\u00e5",
        "\\ud83d",
        "\\ude00",
        "\\n",
        "\\x",
        "Å",
        "\"a\":",
        "\"id\":1,",
        "{\"a\":[{}]}",
        "\"count\":\"9\",",
        "\"next\":\"x\",",
        "\"next\":[],",
        "\"results\":[],",
        "\"error\":\"no\",",
        "\"errors\":[ ],",
        "\"error\":{\"a\":0},",
        "\"error\":0,",
        "\"name\":\"Anonymized\",",
        "1e5",
        "-0.0",
        "1.",
    ];

    private static readonly string[] Values =
    [
        "\"\"",
        "\"a\"",
        "\"\\u0061\"",
        "\"\\\"\"",
        "\"\\ud83d\"",
        "\"\\ud83d\\ude00\\/\"",
        "\"Anonymized\"",
        "\"Anonymi\\u007aed\"",
        "0",
        "-0",
        "7",
        "\"07\"",
        "1.50",
        "1E+2",
        "-12e-3",
        "12345678901234567890",
        "true",
        "false",
        "null",
        "{}",
        "[]",
        " [ 1 , [ ] , { } ] ",
        "{\"b\":{\"a\":[null,\"\",{\"x\":\"y\"}]},\"b\":1}",
        "\"2017-01-01 12:24\"",
        "\"2020-02-12T10:27:06.477+0100\"",
        "\"a text that is longer than the sixty-four bytes that two registers hold, with an Å and no escape\"",
        "\"a text that is longer than the thirty-two bytes of one, \\u00e5 with\\tescapes \\\\ and the last at its very end\\n\"",
    ];

    public static TheoryData<string> Feeds { get; } = [.. FeedCatalogue.All.Select(static feed => $"{feed.Setting} of {feed.Scope}")];

    [Theory]
    [MemberData(nameof(Feeds))]
    public void A_page_gives_what_the_reference_gives_whole_and_changed(string name)
    {
        var feed = FeedCatalogue.All.Single(feed => $"{feed.Setting} of {feed.Scope}" == name);
        var dice = new Random(TestScale.Seed);
        var rules = new ContentRules(feed, new ChangeSettings());

        // One reader for all: what it learns of a broken page must not show on the next.
        var reader = new RecordReader(feed, rules);
        var whole = 0;
        for (var turn = 0; turn < TestScale.Of(40, 400); turn++)
        {
            var page = Encoding.UTF8.GetBytes(Page(feed, dice));
            whole += Compare(reader, feed, rules, page) ? 1 : 0;
            for (var change = 0; change < 25; change++)
            {
                Compare(reader, feed, rules, Changed(page, dice));
            }
        }

        Assert.True(whole > 10, $"{whole} pages were whole, seed {TestScale.Seed}");
    }

    [Theory]
    [InlineData(60)]
    [InlineData(61)]
    [InlineData(62)]
    [InlineData(63)]
    [InlineData(64)]
    public void Depth_is_bounded_alike(int depth)
    {
        var rules = new ContentRules(FeedCatalogue.Customers, new ChangeSettings { IgnoreFields = ["b"] });
        var deep = string.Concat(Enumerable.Repeat("[", depth)) + string.Concat(Enumerable.Repeat("]", depth));
        foreach (var member in new[] { "a", "b" })
        {
            var page = Encoding.UTF8.GetBytes($$"""{"count":1,"next":null,"results":[{"{{member}}":{{deep}}}]}""");
            Assert.Equal(depth <= 61, Compare(new RecordReader(FeedCatalogue.Customers, rules), FeedCatalogue.Customers, rules, page));
        }
    }

    [Theory]
    [InlineData("5")]
    [InlineData("5x")]
    [InlineData("5/")]
    [InlineData("\"a")]
    [InlineData("tru")]
    [InlineData("{\"results\":5")]
    [InlineData("{\"results\":5/")]
    [InlineData("{\"results\":\"a")]
    [InlineData("{\"count\":1,\"results\":[7")]
    [InlineData("{\"count\":1,\"results\":[[")]
    [InlineData("{\"count\":1,\"next\":null,\"results\":[{\"a\":1},]}")]
    [InlineData("{\"count\":1,\"next\":null,\"results\":[{\"a\":1,}]}")]
    [InlineData("{\"count\":1,\"next\":null,\"results\":[],}")]
    [InlineData("{\"count\":1,\"next\":null,\"results\":[]]")]
    [InlineData("{\"count\":1,\"next\":null,\"results\":[]} x")]
    [InlineData("{\"count\":1,\"next\":null,\"results\":[],\"error\":{\"a\":1}}")]
    [InlineData("{\"count\":1,\"next\":null,\"results\":[{\"a\\\"b\":1},{\"a\"b\":1}]}")]
    [InlineData(
        "{\"count\":1,\"next\":null,\"results\":[{\"a\\\"b\":1},{\0\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001:1}]}"
    )]
    public void Faults_are_named_alike(string page)
    {
        var rules = new ContentRules(FeedCatalogue.Customers, new ChangeSettings());
        Assert.False(
            Compare(new RecordReader(FeedCatalogue.Customers, rules), FeedCatalogue.Customers, rules, Encoding.UTF8.GetBytes(page))
        );
    }

    /// <returns>Whether it is a page at all.</returns>
    private static bool Compare(RecordReader reader, Feed feed, ContentRules rules, byte[] page)
    {
        var (expected, found) = (Outcome(() => ReferencePass.Read(feed, rules, page)), Outcome(() => reader.Read(page)));
        Assert.True(expected == found, $"seed {TestScale.Seed}, {Convert.ToBase64String(page)}:\n{expected}\n{found}");
        return char.IsAsciiDigit(expected[0]);
    }

    private static string Outcome(Func<PageRecords> read)
    {
        try
        {
            var records = read();
            var summary = records.Summary;
            return string.Create(
                CultureInfo.InvariantCulture,
                $"""
                {summary.Count} {summary.Next} {summary.Records} {summary.KeylessRecords} {summary.Content:x32}
                {string.Join(' ', summary.KeyHashes)}
                {string.Join(' ', summary.Customers)}
                {string.Join(' ', records.Digests)}
                {string.Join(' ', records.Bounds)}
                """
            );
        }
        catch (CubeException exception)
        {
            return $"{exception.Kind} {exception.Message}";
        }
    }

    private static string Page(Feed feed, Random dice)
    {
        string[] names = [.. feed.Key.Parts.Concat(feed.CustomerIds).SelectMany(static names => names).Distinct(), .. CustomerIds.Names];
        string[] others =
        [
            "city",
            "crm__x",
            "sms_customer_name",
            "updated",
            "a b",
            "Antall \\u00e5r",
            "Antall år",
            "a\\\"b",
            "n\\u0061me",
            "x",
        ];
        var order = names.Concat(others).ToArray();
        dice.Shuffle(order);
        var records = Enumerable
            .Range(0, dice.Next(8))
            .Select(_ =>
            {
                var members = order.Where(_ => dice.Next(5) > 0).ToArray();
                if (dice.Next(4) == 0)
                {
                    dice.Shuffle(members);
                }

                return $"{{{Space(dice)}{string.Join($"{Space(dice)},{Space(dice)}", members.Select(name => Member(name, dice)))}}}";
            });
        var array = $"[{Space(dice)}{string.Join(Space(dice) + ",", records)}]";
        string[] envelope =
        [
            $"\"count\":{(dice.Next(3) == 0 ? "\"12\"" : "7")}",
            $"\"next\": {(dice.Next(2) == 0 ? "null" : "\"https:\\/\\/x\\/?page=2\"")}",
            $"\"previous\":{Values[dice.Next(Values.Length)]}",
            $"\"results\":{array}",
        ];
        dice.Shuffle(envelope);
        return feed.Shape == FeedShape.Array ? array : $"{{{string.Join($"{Space(dice)},", envelope)}}}{Space(dice)}";
    }

    private static string Member(string name, Random dice) => $"\"{name}\"{Space(dice)}:{Space(dice)}{Values[dice.Next(Values.Length)]}";

    private static string Space(Random dice) => dice.Next(12) == 0 ? " \r\n\t"[..dice.Next(5)] : "";

    private static byte[] Changed(byte[] page, Random dice)
    {
        for (var change = dice.Next(1, 4); change > 0; change--)
        {
            var (at, piece) = (dice.Next(page.Length + 1), Encoding.UTF8.GetBytes(Pieces[dice.Next(Pieces.Length)]));
            var behind = Math.Min(page.Length, at + dice.Next(4));
            page = dice.Next(5) switch
            {
                0 => page[..at],
                1 => [.. page[..at], .. page[behind..]],
                2 => [.. page[..at], .. piece, .. page[at..]],
                3 => [.. page[..at], (byte)dice.Next(256), .. page[Math.Min(page.Length, at + 1)..]],
                _ => [.. page[..at], .. piece, .. page[behind..]],
            };
        }

        return page;
    }
}
