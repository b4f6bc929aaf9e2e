using System.Buffers.Binary;
using System.Buffers.Text;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Tests.Cube;

/// <summary>
/// What a page says, read by <see cref="Utf8JsonReader"/> and kept by name: slow and plain, to hold the one pass against.
/// </summary>
internal sealed class ReferencePass(Feed feed, ContentRules rules)
{
    private readonly List<RecordDigest> _digests = [];
    private readonly List<RecordBounds> _bounds = [];
    private readonly List<ulong> _keys = [];
    private readonly List<CustomerKey> _customers = [];
    private UInt128 _content;
    private int _number;

    public static PageRecords Read(Feed feed, ContentRules rules, byte[] page)
    {
        if (PageReader.LooksLikeHtml(page))
        {
            throw new CubeException(
                CubeFailureKind.NotJson,
                "Cube answered an HTML page instead of JSON (a login page, or a proxy's error page)"
            );
        }

        try
        {
            return new ReferencePass(feed, rules).Read(page);
        }
        catch (JsonException)
        {
            throw new CubeException(CubeFailureKind.MalformedPage, "Cube's page is broken or cut-off JSON");
        }
    }

    private PageRecords Read(byte[] page)
    {
        var reader = new Utf8JsonReader(page);
        reader.Read();
        var (count, next) = ((long?)null, (string?)null);
        if (feed.Shape == FeedShape.Array)
        {
            Expect(reader.TokenType == JsonTokenType.StartArray, "a JSON array");
            ReadRecords(ref reader, page);
            count = _number;
        }
        else
        {
            ReadEnvelope(ref reader, page, ref count, ref next);
        }

        while (reader.Read()) { }

        return new(
            new PageSummary(
                count!.Value,
                next,
                _number,
                [.. _keys],
                _number - _keys.Count,
                new Hash128((ulong)(_content >> 64), (ulong)_content)
            )
            {
                Customers = [.. _customers],
            },
            [.. _digests],
            [.. _bounds]
        );
    }

    private void ReadEnvelope(ref Utf8JsonReader reader, byte[] page, ref long? count, ref string? next)
    {
        Expect(reader.TokenType == JsonTokenType.StartObject, "a JSON object");
        var (error, hasResults) = ((string?)null, false);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = Encoding.UTF8.GetString(reader.ValueSpan);
            reader.Read();
            var text = JsonText.Of(ref reader);
            switch (name)
            {
                case "count":
                    var raw = text is null ? "" : Encoding.UTF8.GetString(reader.ValueSpan);
                    Expect(
                        Utf8Parser.TryParse(Encoding.UTF8.GetBytes(raw), out long number, out var used)
                            && used == raw.Length
                            && number >= 0,
                        "a whole number as 'count'"
                    );
                    count = Math.Max(count ?? 0, number);
                    break;
                case "next":
                    Expect(reader.TokenType is JsonTokenType.String or JsonTokenType.Null or JsonTokenType.False, "text or null as 'next'");
                    next = string.IsNullOrEmpty(text) ? null : text;
                    break;
                case "results":
                    Expect(reader.TokenType == JsonTokenType.StartArray && !hasResults, "one array as 'results'");
                    ReadRecords(ref reader, page);
                    hasResults = true;
                    break;
                case "error" or "errors":
                    var (type, before) = (reader.TokenType, reader.BytesConsumed);
                    reader.Skip();
                    var isEmpty =
                        type is JsonTokenType.StartObject or JsonTokenType.StartArray
                        && page[(int)before..((int)reader.BytesConsumed - 1)].All(static value => value <= ' ');
                    error =
                        isEmpty || type is JsonTokenType.Null or JsonTokenType.False || text is "" or "0" ? error
                        : text is null ? "without words"
                        : text[..Math.Min(200, text.Length)];
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        Expect(hasResults, "'results'");
        Expect(count is not null, "'count'");
        if (error is not null)
        {
            throw new CubeException(
                CubeFailureKind.MalformedPage,
                $"Cube answered an error {(_number == 0 ? "instead of" : "beside")} records: {error}"
            );
        }
    }

    private void ReadRecords(ref Utf8JsonReader reader, byte[] page)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            _number++;
            Expect(reader.TokenType == JsonTokenType.StartObject || feed.Shape == FeedShape.Array, "an object for each record");
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                ReadRecord(ref reader, page);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ReadRecord(ref Utf8JsonReader reader, byte[] page)
    {
        var start = (int)reader.TokenStartIndex;
        var values = new List<(string Name, byte[] Value)>();
        var (content, anonymised) = (UInt128.Zero, false);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var bytes = TextOf(ref reader);
            var name = Encoding.UTF8.GetString(bytes);
            reader.Read();
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.Number && reader.ValueSpan.Length > 0)
            {
                values.Add((name, TextOf(ref reader)));
            }

            anonymised |=
                reader.TokenType == JsonTokenType.String
                && CustomerIds.Names.Contains(name)
                && reader.ValueSpan.SequenceEqual(Encoding.UTF8.GetBytes(CustomerIds.Anonymised));
            if (rules.IsContent(bytes))
            {
                unchecked
                {
                    content += HashOf(ref reader, (long)XxHash3.HashToUInt64(bytes));
                }
            }
            else
            {
                reader.Skip();
            }
        }

        var bounds = new RecordBounds(start, (int)reader.BytesConsumed - start);
        _bounds.Add(bounds);
        unchecked
        {
            _content += XxHash128.HashToUInt128(bounds.Of(page));
        }

        var parts = feed.Key.Parts.Select(names => Best(values, names)).ToList();
        var key = KeyHash.Of(parts.Aggregate((before, part) => [.. before ?? [], 0, .. part ?? []]) ?? []);
        if (parts[0] is not null)
        {
            _keys.Add(key.High);
        }

        var alias = 0UL;
        if (feed.ListsCustomers && Best(values, feed.CustomerIds[0]) is { } imported)
        {
            alias = CustomerIds.HashOf(imported);
            var own = Best(values, feed.CustomerIds[1]) ?? [];
            _customers.Add(new CustomerKey(alias, Utf8Parser.TryParse(own, out long id, out var used) && used == own.Length ? id : 0));
        }

        var day = feed.Dated ? RecordTime.DayOf(parts[1] ?? [], null) : 0;
        _digests.Add(new RecordDigest(key, (ulong)content ^ (ulong)(content >> 64), alias, day, anonymised));
    }

    /// <summary>The value of the best of the members; of equal ones the first.</summary>
    private static byte[]? Best(List<(string Name, byte[] Value)> values, IReadOnlyList<string> names) =>
        names.SelectMany(name => values.Where(value => value.Name == name)).Select(static value => value.Value).FirstOrDefault();

    private static UInt128 HashOf(ref Utf8JsonReader reader, long seed)
    {
        var (sum, number) = (UInt128.Zero, 0L);
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return 0;
            case JsonTokenType.StartObject:
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var name = TextOf(ref reader);
                    reader.Read();
                    sum = unchecked(sum + HashOf(ref reader, (long)XxHash3.HashToUInt64(name)));
                }

                return Mix(sum, seed ^ 0x6F626A656374);
            case JsonTokenType.StartArray:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    sum = unchecked(sum + Mix(HashOf(ref reader, ++number) + 1, number));
                }

                return Mix(sum, seed ^ 0x6172726179);
            default:
                var text = TextOf(ref reader);
                return text.Length == 0 ? 0 : XxHash128.HashToUInt128(text, seed);
        }
    }

    private static UInt128 Mix(UInt128 value, long seed)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, value);
        return value == 0 ? value : XxHash128.HashToUInt128(bytes, seed);
    }

    private static byte[] TextOf(ref Utf8JsonReader reader)
    {
        var text = reader.ValueSpan.ToArray();
        return reader.ValueIsEscaped ? text[..JsonEscapes.Undo(reader.ValueSpan, text)] : text;
    }

    private static void Expect(bool condition, string what)
    {
        if (!condition)
        {
            throw new CubeException(CubeFailureKind.MalformedPage, $"Cube's page lacks {what}");
        }
    }
}
