using System.Text.Json;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;

namespace CubeFunctions.Core.Changes;

/// <summary>Reads the records of a page one by one: where each stands, its key, its content.</summary>
internal sealed class RecordScanner(Feed feed, ContentRules rules)
{
    private static readonly byte[][] NameMembers = ["name"u8.ToArray(), "crm__standard_info__name"u8.ToArray()];
    private readonly MemberNames _parts = new(feed.Key.Parts);
    private readonly MemberNames _aliases = new(feed.CustomerIds.Take(1));

    /// <summary>Where a dated feed's key says when: the part after the customer.</summary>
    private const int WhenPart = 1;

    /// <summary>Whose records are left out altogether, as if Cube did not have them; null where nobody's are.</summary>
    public ErasedFilter? Erased { get; set; }

    /// <summary>Digests of all records of a page, in order.</summary>
    public RecordDigest[] Digest(ReadOnlySpan<byte> body)
    {
        var digests = new List<RecordDigest>(512);
        var reader = PageReader.AtRecords(feed, body);
        var values = new string?[_parts.Count];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            var digest = ReadRecord(ref reader, values);
            if (!IsErased(body, start, ref reader))
            {
                digests.Add(digest);
            }
        }

        return [.. digests];
    }

    /// <summary>The records of a page that are wanted, by their digest: their bytes and the parts of their keys.</summary>
    public void Visit(ReadOnlyMemory<byte> body, Func<RecordDigest, bool> wanted, Action<RecordDigest, ReadOnlyMemory<byte>, string[]> take)
    {
        var reader = PageReader.AtRecords(feed, body.Span);
        var mark = body.Length - PageReader.WithoutMark(body.Span).Length;
        var values = new string?[_parts.Count];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            var digest = ReadRecord(ref reader, values);
            if (wanted(digest) && !IsErased(body.Span, start, ref reader))
            {
                take(digest, body[(mark + start)..(mark + (int)reader.BytesConsumed)], [.. values.Select(value => value ?? "")]);
            }
        }
    }

    /// <summary>Hashes of a record's content members, by name.</summary>
    /// <param name="record">The record.</param>
    /// <param name="withEmpty">Whether members without a value are among them, as zero.</param>
    public Dictionary<string, UInt128> Members(ReadOnlySpan<byte> record, bool withEmpty = false)
    {
        var members = new Dictionary<string, UInt128>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(record);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!rules.IsContent(ref reader))
            {
                reader.Skip();
                continue;
            }

            var name = reader.GetString()!;
            if (ContentHash.Member(ref reader) is var hash && (withEmpty || hash != UInt128.Zero))
            {
                members[name] = hash;
            }
        }

        return members;
    }

    private RecordDigest ReadRecord(ref Utf8JsonReader reader, string?[] values)
    {
        Array.Clear(values);
        Span<int> ranks = stackalloc int[_parts.Count];
        ranks.Fill(int.MaxValue);
        var content = UInt128.Zero;
        var anonymised = false;
        var (alias, aliasRank) = (0UL, int.MaxValue);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (part, rank) = _parts.Find(ref reader);
            var named = IsName(ref reader);
            var isContent = rules.IsContent(ref reader);
            var (aliasPart, aliased) = _aliases.Find(ref reader);
            if (part < 0 && !named && aliasPart < 0)
            {
                if (isContent)
                {
                    Add(ref content, ContentHash.Member(ref reader));
                }
                else
                {
                    reader.Skip();
                }

                continue;
            }

            var value = reader;
            value.Read();
            if (part >= 0 && rank < ranks[part] && JsonText.Of(ref value) is { Length: > 0 } text)
            {
                (values[part], ranks[part]) = (text, rank);
            }

            if (aliasPart >= 0 && aliased < aliasRank && JsonText.Of(ref value) is { Length: > 0 } imported)
            {
                (alias, aliasRank) = (CustomerIds.HashOf(imported), aliased);
            }

            anonymised |= named && value.TokenType == JsonTokenType.String && value.ValueTextEquals("Anonymized"u8);
            if (isContent)
            {
                Add(ref content, ContentHash.Member(ref reader));
            }
            else
            {
                reader.Skip();
            }
        }

        return new RecordDigest(KeyHash.Of(values), (ulong)content ^ (ulong)(content >> 64), alias, feed.Dated ? DayOf(values[WhenPart]) : 0, anonymised);
    }

    /// <summary>Whether the record that the reader has just read is of somebody who was erased.</summary>
    private bool IsErased(ReadOnlySpan<byte> body, int start, ref Utf8JsonReader reader) =>
        Erased is { } erased && erased.Covers(PageReader.WithoutMark(body)[start..(int)reader.BytesConsumed]);

    private static void Add(ref UInt128 sum, UInt128 hash)
    {
        unchecked
        {
            sum += hash;
        }
    }

    private static int DayOf(string? when) =>
        when is { Length: >= 10 } && DateOnly.TryParseExact(when.AsSpan(0, 10), "yyyy-MM-dd", out var day) ? day.DayNumber : 0;

    private static bool IsName(ref Utf8JsonReader reader) => reader.ValueTextEquals(NameMembers[0]) || reader.ValueTextEquals(NameMembers[1]);
}
