using System.Text;
using CubeFunctions.Core.Senders;
using Xunit;

namespace CubeFunctions.Tests.Upserts;

public sealed class FieldMapTests
{
    private const string Names =
        """{"name":{"join":["firstname","middle","lastname"],"separator":" "},"email":"email","country":{"constant":"Norge"}}""";

    [Fact]
    public void A_joined_field_waits_for_all_its_parts()
    {
        var assembled = Map(Names).Assemble(Values(("name", 2, "\"Ødegård\""), ("email", 0, "\"a@example.no\"")));
        Assert.Equal(["name"], assembled.Incomplete);
        Assert.Equal(["country=\"Norge\"", "email=\"a@example.no\""], Lines(assembled));
    }

    [Theory]
    [InlineData("\"Åsne\"", "null", "\"Ødegård\"", "\"Åsne Ødegård\"")]
    [InlineData("\"Åsne\"", "\"Marie\"", "\"Ødegård\"", "\"Åsne Marie Ødegård\"")]
    [InlineData("\"\\u00c5sne\"", "\"\"", "7", "\"Åsne 7\"")]
    [InlineData("null", "\" \"", "\"\"", "\"\"")]
    [InlineData("\"a\\\"b\"", "null", "\"c\\\\d\"", "\"a\\\"b c\\\\d\"")]
    public void Parts_are_joined_and_empty_ones_leave_no_gap(string first, string middle, string last, string joined) =>
        Assert.Equal(joined, Map(Names).Assemble(Values(("name", 0, first), ("name", 1, middle), ("name", 2, last))).Fields["name"]);

    [Fact]
    public void Constants_go_only_with_something_else()
    {
        Assert.Empty(Map(Names).Assemble(Values()).Fields);
        Assert.Empty(Map(Names).Assemble(Values(("name", 0, "\"Åsne\""))).Fields);
    }

    [Fact]
    public void Without_a_map_everything_passes() =>
        Assert.Equal(
            ["active products=1", "name=\"x\""],
            Lines(FieldMap.PassAll.Assemble(Values(("name", 0, "\"x\""), ("active products", 0, "1"))))
        );

    [Fact]
    public void Parts_that_the_map_no_longer_joins_are_not_sent_as_if_they_were_whole()
    {
        var assembled = FieldMap.PassAll.Assemble(Values(("name", 0, "\"Åsne\""), ("name", 1, "\"Ødegård\""), ("email", 0, "\"x\"")));
        Assert.Equal(["name"], assembled.Incomplete);
        Assert.Equal(["email=\"x\""], Lines(assembled));
    }

    [Fact]
    public void A_custom_field_keeps_its_label_for_the_delivery_to_look_up() =>
        Assert.Equal(["custom:Antall år=3"], Lines(Map("""{"custom:Antall år":"years"}""").Assemble(Values(("custom:Antall år", 0, "3")))));

    [Theory]
    [InlineData("""{"from":"d","date":"dd.MM.yyyy"}""", "\"1990-04-28T23:30:00Z\"", "\"28.04.1990\"")]
    [InlineData("""{"from":"d","date":"dd.MM.yyyy","zone":"Europe/Oslo"}""", "\"1990-04-28T23:30:00Z\"", "\"29.04.1990\"")]
    [InlineData("""{"from":"d","date":"yyyy-MM-dd","parse":"dd.MM.yyyy"}""", "\"28.04.1990\"", "\"1990-04-28\"")]
    [InlineData("""{"from":"d","date":"yyyy-MM-dd"}""", "\"19900428\"", "\"1990-04-28\"")]
    [InlineData("""{"from":"d","date":"yyyy-MM-dd"}""", "19900428", "\"1990-04-28\"")]
    [InlineData("""{"from":"d","date":"yyyy-MM-dd"}""", "0", "\"1970-01-01\"")]
    [InlineData("""{"from":"d","date":"yyyy-MM-dd"}""", "-86400000", "\"1969-12-31\"")]
    [InlineData("""{"from":"d","date":"yyyy-MM-dd"}""", "\"28.04.1990\"", null)]
    [InlineData("""{"from":"d","date":"yyyy-MM-dd"}""", "true", null)]
    [InlineData("""{"from":"d","date":"yyyy-MM-dd"}""", "9999999999999999999999", null)]
    [InlineData("""{"from":"d","values":{"1":"Ja","0":"Nei","":"Ukjent"}}""", "null", "\"Ukjent\"")]
    [InlineData("""{"from":"d","values":{"true":1,"false":0}}""", "true", "1")]
    [InlineData("""{"from":"d","values":{"a":"b"}}""", "\"A\"", null)]
    [InlineData("\"/d\"", "\"x\"", "\"x\"")]
    [InlineData("\"/deep/0/er\"", "\"x\"", "")]
    public void Dates_tables_and_pointers(string rule, string value, string? json)
    {
        var told = TestSenders
            .Json(("FieldMap", $$"""{"custom:Felt":{{rule}},"email":"email"}"""))
            .One($$"""{"customer_id":"1","email":null,"d":{{value}}}""");
        Assert.Equal(json is null, told.Dead is not null);
        if (json is null)
        {
            Assert.Matches("^field 'custom:Felt': the value of source 'd' is not", told.Dead);
            Assert.DoesNotContain(value.Trim('"'), told.Dead);
        }
        else
        {
            Assert.Equal(json.Length == 0 ? null : json, told.Values.SingleOrDefault(sent => sent.Field == "custom:Felt")?.RawJson);
        }
    }

    [Theory]
    [InlineData("[]", "is not valid: a JSON object")]
    [InlineData("{", "is not valid: Not valid JSON: line 1, byte 2.")]
    [InlineData("{}", "is empty")]
    [InlineData("""{"name":"a","name":"b"}""", "is not valid: A member occurs twice")]
    [InlineData("""{"name":""}""", "field 'name' has a source that is neither")]
    [InlineData("""{"name":"/a~"}""", "field 'name' has a source that is neither")]
    [InlineData("""{"name":["a","b"]}""", "field 'name' must be the name")]
    [InlineData("""{"name":{}}""", "field 'name' must have exactly one of")]
    [InlineData("""{"name":{"from":"a","constant":1}}""", "field 'name' must have exactly one of")]
    [InlineData("""{"name":{"join":["a"]}}""", "field 'name' must join two")]
    [InlineData("""{"name":{"join":"a"}}""", "field 'name' must have a list")]
    [InlineData("""{"name":{"join":["a","b"],"seperator":","}}""", "field 'name' has 'seperator'")]
    [InlineData("""{"name":{"join":["a","b"],"separator":1}}""", "field 'name' must have a text as 'separator'")]
    [InlineData("""{"name":{"constant":[1]}}""", "field 'name' must have a text, a number")]
    [InlineData("""{"birth_date":{"from":"a","date":"%"}}""", "field 'birth_date' has a 'date' that is not")]
    [InlineData("""{"birth_date":{"from":"a","date":"yyyy","zone":"Mars/Base"}}""", "field 'birth_date' has a 'zone'")]
    [InlineData("""{"birth_date":{"from":"a","parse":"yyyy"}}""", "field 'birth_date' has 'parse'")]
    [InlineData("""{"gender":{"from":"a","date":"yyyy","values":{"1":"x"}}}""", "field 'gender' has both")]
    [InlineData("""{"gender":{"from":"a","values":{"1":["x"]}}}""", "field 'gender' has 'values'")]
    [InlineData("""{"gender":{"from":"a","values":{}}}""", "field 'gender' has 'values'")]
    [InlineData("""{"id":"a"}""", "field 'id' names the customer")]
    [InlineData("""{"assignment_id":"a"}""", "field 'assignment_id' is set by")]
    [InlineData("""{"custom: ":"a"}""", "field 'custom: ' lacks the label")]
    [InlineData("""{"":"a"}""", "field '' has no name")]
    [InlineData("""{"customer_id":{"constant":"1"}}""", "field 'customer_id' takes one source")]
    [InlineData("""{"customer_id":{"join":["a","b"]}}""", "field 'customer_id' takes one source")]
    public void A_map_that_is_wrong_is_told(string json, string fault)
    {
        Assert.Null(FieldMap.Parse(Encoding.UTF8.GetBytes(json), out var faults));
        Assert.Contains(faults, told => told.StartsWith(fault, StringComparison.Ordinal));
    }

    [Fact]
    public void All_faults_of_a_map_are_told_at_once()
    {
        Assert.Null(FieldMap.Parse("""{"id":"a","name":7,"gender":{"from":"g","values":7}}"""u8.ToArray(), out var faults));
        Assert.Equal(3, faults.Count);
    }

    private static FieldMap Map(string json)
    {
        var map = FieldMap.Parse(Encoding.UTF8.GetBytes(json), out var faults);
        Assert.Empty(faults);
        return map!;
    }

    private static Dictionary<(string, int), string> Values(params (string Field, int Part, string Json)[] values) =>
        values.ToDictionary(value => (value.Field, value.Part), value => value.Json);

    private static IEnumerable<string> Lines(AssembledFields assembled) =>
        assembled.Fields.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}");
}
