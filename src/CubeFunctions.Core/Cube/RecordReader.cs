using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text.Json;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Cube;

/// <summary>
/// Reads everything off a page in one pass: <c>count</c>, <c>next</c>, and of each record its key, the hashes of its content and where it
/// stands. It builds no record in memory. Members are recognised by their place in the record before: records of a feed name the same
/// members in the same order.
/// </summary>
/// <param name="feed">The feed.</param>
/// <param name="rules">What counts as content.</param>
/// <param name="zone">The tenant's local time; where it is null, times with an offset are filed under the day that they are written
/// in.</param>
/// <remarks>
/// Keeps what it has learned of the members from page to page. For one caller at a time; see <see cref="RecordReaders"/>.
/// </remarks>
internal sealed class RecordReader(Feed feed, ContentRules rules, TimeZoneInfo? zone = null)
{
    /// <summary>Names that are kept. More than a feed has: a tenant that makes names up does not fill the memory.</summary>
    private const int MaxMembers = 1000;

    /// <summary>Where a dated feed's key says when: the part after the customer.</summary>
    private const int WhenPart = 1;

    private readonly List<RecordMember> _members = [];
    private readonly Found[] _values = new Found[feed.Key.Parts.Count + feed.CustomerIds.Count];
    private readonly ArrayBufferWriter<byte> _key = new(256);
    private readonly List<RecordDigest> _digests = new(512);
    private readonly List<RecordBounds> _bounds = new(512);
    private readonly List<ulong> _keys = new(512);
    private readonly List<CustomerKey> _customers = [];
    private byte[] _text = new byte[256];
    private Hash128 _content;
    private int _number;

    /// <summary>Reads a page.</summary>
    /// <exception cref="CubeException">
    /// <see cref="CubeFailureKind.NotJson"/> for HTML, <see cref="CubeFailureKind.MalformedPage"/> for anything that is not the page the
    /// feed promises.
    /// </exception>
    public PageRecords Read(ReadOnlySpan<byte> page)
    {
        var body = PageReader.WithoutMark(page);
        if (PageReader.LooksLikeHtml(body))
        {
            throw new CubeException(
                CubeFailureKind.NotJson,
                "Cube answered an HTML page instead of JSON (a login page, or a proxy's error page)"
            );
        }

        Reset();
        try
        {
            var cursor = new JsonCursor(body);
            cursor.Read();
            var (count, next) = feed.Shape == FeedShape.Array ? ReadArray(ref cursor, body) : ReadPaged(ref cursor, body);

            // Bytes after the end are as wrong as bytes that miss.
            cursor.End();

            var mark = page.Length - body.Length;
            var summary = new PageSummary(count ?? _number, next, _number, [.. _keys], _number - _keys.Count, _content)
            {
                Customers = [.. _customers],
            };
            return new PageRecords(
                summary,
                [.. _digests],
                mark == 0 ? [.. _bounds] : [.. _bounds.Select(bounds => bounds with { Start = bounds.Start + mark })]
            );
        }
        catch (JsonException exception)
        {
            throw new CubeException(CubeFailureKind.MalformedPage, "Cube's page is broken or cut-off JSON", exception);
        }
    }

    /// <summary>Hashes of a record's content members, by name.</summary>
    /// <param name="record">The record.</param>
    /// <param name="withEmpty">Whether members without a value are among them, as zero.</param>
    public Dictionary<string, Hash128> Members(ReadOnlySpan<byte> record, bool withEmpty)
    {
        var members = new Dictionary<string, Hash128>(_members.Count, StringComparer.Ordinal);
        var place = 0;
        var cursor = new JsonCursor(record);
        cursor.Read();
        for (var more = cursor.First(JsonCursor.EndOfObject); more; more = cursor.Next(JsonCursor.EndOfObject))
        {
            var member = Recognise(ref cursor, ref place);
            cursor.Read();
            if (!member.IsContent)
            {
                cursor.Skip();
            }
            else if (ContentHash.Value(ref cursor, member.Seed) is var hash && (withEmpty || hash != default))
            {
                members[member.Text] = hash;
            }
        }

        return members;
    }

    private void Reset()
    {
        _digests.Clear();
        _bounds.Clear();
        _keys.Clear();
        _customers.Clear();
        (_content, _number) = (default, 0);
    }

    private (long? Count, string? Next) ReadArray(ref JsonCursor cursor, ReadOnlySpan<byte> body)
    {
        Expect(cursor.TokenType == JsonTokenType.StartArray, "a JSON array");
        ReadRecords(ref cursor, body);
        return (null, null);
    }

    private (long? Count, string? Next) ReadPaged(ref JsonCursor cursor, ReadOnlySpan<byte> body)
    {
        Expect(cursor.TokenType == JsonTokenType.StartObject, "a JSON object");
        long? count = null;
        string? next = null;
        string? error = null;
        var results = false;
        for (var more = cursor.First(JsonCursor.EndOfObject); more; more = cursor.Next(JsonCursor.EndOfObject))
        {
            cursor.ReadName();
            var name = cursor.Value;
            cursor.Read();
            if (name.SequenceEqual("count"u8))
            {
                count = ReadCount(ref cursor, count);
            }
            else if (name.SequenceEqual("next"u8))
            {
                next = ReadNext(ref cursor);
            }
            else if (name.SequenceEqual("results"u8))
            {
                Expect(cursor.TokenType == JsonTokenType.StartArray && !results, "one array as 'results'");
                ReadRecords(ref cursor, body);
                results = true;
            }
            else
            {
                error = name.SequenceEqual("error"u8) || name.SequenceEqual("errors"u8) ? ReadError(ref cursor) ?? error : error;
                cursor.Skip();
            }
        }

        Expect(results, "'results'");
        Expect(count is not null, "'count'");
        if (error is not null)
        {
            // Beside records as well: nobody knows what the page lacks.
            throw new CubeException(
                CubeFailureKind.MalformedPage,
                $"Cube answered an error {(_number == 0 ? "instead of" : "beside")} records: {error}"
            );
        }

        return (count, next);
    }

    /// <summary>What an error says; null where the member is there and says that there is none.</summary>
    private static string? ReadError(ref JsonCursor cursor)
    {
        const int Most = 200;
        const string WithoutWords = "without words";
        var inside = cursor;
        return cursor.TokenType switch
        {
            JsonTokenType.Null or JsonTokenType.False => null,
            JsonTokenType.StartObject => inside.First(JsonCursor.EndOfObject) ? WithoutWords : null,
            JsonTokenType.StartArray => inside.First(JsonCursor.EndOfArray) ? WithoutWords : null,
            JsonTokenType.True => WithoutWords,
            _ => cursor.ToText() switch
            {
                null or "" or "0" => null,
                { Length: > Most } text => text[..Most],
                var text => text,
            },
        };
    }

    internal static string? ReadNext(ref JsonCursor cursor)
    {
        Expect(cursor.TokenType is JsonTokenType.String or JsonTokenType.Null or JsonTokenType.False, "text or null as 'next'");
        return cursor.ToText() is { Length: > 0 } text ? text : null;
    }

    /// <summary>Cube gives numbers as text here and there.</summary>
    /// <param name="cursor">Has read the value of <c>count</c>.</param>
    /// <param name="before">What the page has said before. Given twice, the larger counts: fewer records than either are not all.</param>
    internal static long ReadCount(ref JsonCursor cursor, long? before) =>
        cursor.TokenType is JsonTokenType.Number or JsonTokenType.String
        && Utf8Parser.TryParse(cursor.Value, out long count, out var used)
        && used == cursor.ValueLength
        && count >= 0
            ? Math.Max(before ?? 0, count)
            : throw Malformed("a whole number as 'count'");

    private void ReadRecords(ref JsonCursor cursor, ReadOnlySpan<byte> body)
    {
        for (var more = cursor.First(JsonCursor.EndOfArray); more; more = cursor.Next(JsonCursor.EndOfArray))
        {
            cursor.Read();
            _number++;
            if (cursor.TokenType != JsonTokenType.StartObject && feed.Shape == FeedShape.Array)
            {
                // An entry of a list that is no record costs itself only.
                cursor.Skip();
                continue;
            }

            Expect(cursor.TokenType == JsonTokenType.StartObject, "an object for each record");
            ReadRecord(ref cursor, body);
        }
    }

    private void ReadRecord(ref JsonCursor cursor, ReadOnlySpan<byte> body)
    {
        var start = cursor.Position - 1;
        Array.Fill(_values, new Found(int.MaxValue, 0, 0, false));
        var content = default(Hash128);
        var anonymised = false;
        var place = 0;
        for (var more = cursor.First(JsonCursor.EndOfObject); more; more = cursor.Next(JsonCursor.EndOfObject))
        {
            var member = Recognise(ref cursor, ref place);
            cursor.Read();
            foreach (var (value, rank) in member.Place)
            {
                Note(ref cursor, value, rank);
            }

            anonymised |= member.IsName && cursor.TokenType == JsonTokenType.String && cursor.Value.SequenceEqual("Anonymized"u8);
            if (!member.IsContent)
            {
                cursor.Skip();
                continue;
            }

            content += ContentHash.Value(ref cursor, member.Seed);
        }

        var bounds = new RecordBounds(start, cursor.Position - start);
        _bounds.Add(bounds);
        _content += Hash128.Of(bounds.Of(body));
        var key = KeyOf(body);
        var alias = feed.CustomerIds.Count > 0 ? AddCustomer(body) : 0;
        _digests.Add(
            new RecordDigest(
                key,
                content.High ^ content.Low,
                alias,
                feed.Dated ? RecordTime.DayOf(Text(body, _values[WhenPart]), zone) : 0,
                anonymised
            )
        );
        if (_values[0].Rank != int.MaxValue)
        {
            _keys.Add(key.High);
        }
    }

    /// <summary>Reads a member's name, and finds what the member is good for. As a rule it is the one that followed last time.</summary>
    private RecordMember Recognise(ref JsonCursor cursor, ref int place)
    {
        var members = CollectionsMarshal.AsSpan(_members);
        if (place < members.Length && cursor.TryPass(members[place].Written))
        {
            return members[place++];
        }

        cursor.ReadName();
        var name = cursor.IsEscaped ? Undo(cursor.Value) : cursor.Value;
        for (var i = 0; i < members.Length; i++)
        {
            var other = (place + i) % members.Length;
            if (name.SequenceEqual(members[other].Name))
            {
                place = other + 1;
                return members[other];
            }
        }

        var member = RecordMember.Create(name.ToArray(), feed, rules);
        if (members.Length < MaxMembers)
        {
            _members.Insert(Math.Min(place, members.Length), member);
            place++;
        }

        return member;
    }

    /// <summary>Notes where a value stands, unless a better member gave it: the best that is present and not empty counts.</summary>
    private void Note(ref JsonCursor cursor, int value, int rank)
    {
        if (rank < _values[value].Rank && cursor.TokenType is JsonTokenType.String or JsonTokenType.Number && cursor.ValueLength > 0)
        {
            _values[value] = new Found(rank, cursor.ValueStart, cursor.ValueLength, cursor.IsEscaped);
        }
    }

    /// <summary>Numbers and text of the same digits are the same id: both are hashed as text. A zero byte keeps parts apart.</summary>
    private KeyHash KeyOf(ReadOnlySpan<byte> body)
    {
        var parts = feed.Key.Parts.Count;
        if (parts == 1)
        {
            return KeyHash.Of(Text(body, _values[0]));
        }

        _key.ResetWrittenCount();
        for (var part = 0; part < parts; part++)
        {
            if (part > 0)
            {
                _key.Write("\0"u8);
            }

            _key.Write(Text(body, _values[part]));
        }

        return KeyHash.Of(_key.WrittenSpan);
    }

    /// <summary>Anonymised customers have no imported id any more, and nobody to look for.</summary>
    private ulong AddCustomer(ReadOnlySpan<byte> body)
    {
        var (imported, own) = (_values[^2], _values[^1]);
        if (imported.Rank == int.MaxValue)
        {
            return 0;
        }

        var alias = CustomerIds.HashOf(Text(body, imported));
        var text = Text(body, own);
        _customers.Add(new CustomerKey(alias, Utf8Parser.TryParse(text, out long id, out var used) && used == text.Length ? id : 0));
        return alias;
    }

    private ReadOnlySpan<byte> Text(ReadOnlySpan<byte> body, Found value)
    {
        var text = body.Slice(value.Start, value.Length);
        return value.IsEscaped ? Undo(text) : text;
    }

    private ReadOnlySpan<byte> Undo(ReadOnlySpan<byte> escaped)
    {
        if (_text.Length < escaped.Length)
        {
            _text = new byte[escaped.Length * 2];
        }

        return _text.AsSpan(0, JsonEscapes.Undo(escaped, _text));
    }

    private static void Expect(bool condition, string what)
    {
        if (!condition)
        {
            throw Malformed(what);
        }
    }

    private static CubeException Malformed(string what) => new(CubeFailureKind.MalformedPage, $"Cube's page lacks {what}");

    /// <summary>Where a value of the record stands, and how good the member is that gives it.</summary>
    private readonly record struct Found(int Rank, int Start, int Length, bool IsEscaped);
}
