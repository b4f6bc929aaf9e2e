using System.Buffers;
using System.Buffers.Text;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Cube;

/// <summary>Reads <c>count</c>, <c>next</c> and the records' keys off a page, in one pass, without building it in memory.</summary>
public static class PageReader
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads a page.</summary>
    /// <exception cref="CubeException">
    /// <see cref="CubeFailureKind.NotJson"/> for HTML, <see cref="CubeFailureKind.MalformedPage"/> for anything that is not the page the feed promises.
    /// </exception>
    public static PageSummary Read(Feed feed, ReadOnlySpan<byte> body)
    {
        body = WithoutMark(body);
        if (LooksLikeHtml(body))
        {
            throw new CubeException(CubeFailureKind.NotJson, "Cube answered an HTML page instead of JSON (a login page, or a proxy's error page)");
        }

        try
        {
            var records = new Records(feed);
            var reader = new Utf8JsonReader(body);
            reader.Read();
            var (count, next) = feed.Shape == FeedShape.Array ? ReadArray(ref reader, body, records) : ReadPaged(ref reader, body, records);

            // Bytes after the end are as wrong as bytes that miss.
            while (reader.Read())
            {
            }

            return records.Summary(count ?? records.Number, next);
        }
        catch (JsonException exception)
        {
            throw new CubeException(CubeFailureKind.MalformedPage, "Cube's page is broken or cut-off JSON", exception);
        }
    }

    /// <summary>Reads a stored page; the page owns the body, which is disposed where it is none.</summary>
    internal static Page Parse(Feed feed, PooledBody body)
    {
        try
        {
            return new Page(body, Read(feed, body.Bytes.Span));
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>The bytes after a byte order mark, where there is one.</summary>
    internal static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> body) => body.StartsWith(ByteOrderMark) ? body[ByteOrderMark.Length..] : body;

    /// <inheritdoc cref="WithoutMark(ReadOnlySpan{byte})"/>
    internal static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> body) => body.Span.StartsWith(ByteOrderMark) ? body[ByteOrderMark.Length..] : body;

    internal static bool LooksLikeHtml(ReadOnlySpan<byte> body)
    {
        var start = body.IndexOfAnyExcept(" \t\r\n"u8);
        return start >= 0 && body[start] == (byte)'<';
    }

    /// <summary>A tokeniser that stands on the start of the array of records.</summary>
    internal static Utf8JsonReader AtRecords(Feed feed, ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(WithoutMark(body));
        reader.Read();
        if (feed.Shape == FeedShape.Array)
        {
            return reader;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var results = reader.ValueTextEquals("results"u8);
            reader.Read();
            if (results)
            {
                return reader;
            }

            reader.Skip();
        }

        throw new CubeException(CubeFailureKind.MalformedPage, "Cube's page lacks 'results'");
    }

    private static (long? Count, string? Next) ReadArray(ref Utf8JsonReader reader, ReadOnlySpan<byte> body, Records records)
    {
        Expect(reader.TokenType == JsonTokenType.StartArray, "a JSON array");
        records.ReadAll(ref reader, body);
        return (null, null);
    }

    private static (long? Count, string? Next) ReadPaged(ref Utf8JsonReader reader, ReadOnlySpan<byte> body, Records records)
    {
        Expect(reader.TokenType == JsonTokenType.StartObject, "a JSON object");
        long? count = null;
        string? next = null;
        string? error = null;
        var results = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (JsonText.NameEquals(ref reader, "count"u8))
            {
                reader.Read();
                count = ReadCount(ref reader);
            }
            else if (JsonText.NameEquals(ref reader, "next"u8))
            {
                reader.Read();
                Expect(reader.TokenType is JsonTokenType.String or JsonTokenType.Null or JsonTokenType.False, "text or null as 'next'");
                next = reader.TokenType == JsonTokenType.String && JsonText.TryGetString(ref reader) is { Length: > 0 } text ? text : null;
            }
            else if (JsonText.NameEquals(ref reader, "results"u8))
            {
                reader.Read();
                Expect(reader.TokenType == JsonTokenType.StartArray && !results, "one array as 'results'");
                records.ReadAll(ref reader, body);
                results = true;
            }
            else
            {
                var isError = JsonText.NameEquals(ref reader, "error"u8);
                reader.Read();
                error = isError && reader.TokenType is not (JsonTokenType.Null or JsonTokenType.False) ? ErrorText(ref reader) : error;
                reader.Skip();
            }
        }

        Expect(results, "'results'");
        Expect(count is not null, "'count'");
        if (error is not null && records.Number == 0)
        {
            throw new CubeException(CubeFailureKind.MalformedPage, $"Cube answered an error instead of records: {error}");
        }

        return (count, next);
    }

    /// <summary>Cube gives numbers as text here and there.</summary>
    private static long? ReadCount(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) && number >= 0)
        {
            return number;
        }

        if (reader.TokenType == JsonTokenType.String && Utf8Parser.TryParse(reader.ValueSpan, out long text, out var used) && used == reader.ValueSpan.Length && text >= 0)
        {
            return text;
        }

        throw Malformed("a whole number as 'count'");
    }

    private static string ErrorText(ref Utf8JsonReader reader)
    {
        const int Most = 200;
        return reader.TokenType == JsonTokenType.String && JsonText.TryGetString(ref reader) is { Length: > 0 } text ? text[..Math.Min(text.Length, Most)] : "without words";
    }

    private static void Expect(bool condition, string what)
    {
        if (!condition)
        {
            throw Malformed(what);
        }
    }

    private static CubeException Malformed(string what) => new(CubeFailureKind.MalformedPage, $"Cube's page lacks {what}");

    /// <summary>Collects keys and content hashes of the records of one page.</summary>
    private sealed class Records(Feed feed)
    {
        private readonly List<ulong> _keys = new(512);
        private readonly List<CustomerKey> _customers = [];

        private readonly MemberNames _parts = new(feed.Key.Parts);
        private readonly MemberNames _ids = new(feed.CustomerIds);
        private readonly ArrayBufferWriter<byte> _text = new(256);
        private int _keyless;
        private UInt128 _content;

        public int Number { get; private set; }

        public PageSummary Summary(long count, string? next) => new(count, next, Number, [.. _keys], _keyless, _content) { Customers = [.. _customers] };

        public void ReadAll(ref Utf8JsonReader reader, ReadOnlySpan<byte> body)
        {
            var values = new (int Rank, Range Where, bool Escaped)[_parts.Count];
            var ids = new (int Rank, Range Where, bool Escaped)[_ids.Count];
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType != JsonTokenType.StartObject && feed.Shape == FeedShape.Array)
                {
                    // An entry of a list that is no record costs itself only.
                    reader.Skip();
                    Number++;
                    _keyless++;
                    continue;
                }

                Expect(reader.TokenType == JsonTokenType.StartObject, "an object for each record");
                var start = (int)reader.TokenStartIndex;
                Array.Fill(values, (int.MaxValue, default, false));
                Array.Fill(ids, (int.MaxValue, default, false));
                ReadRecord(ref reader, values, ids);
                Number++;
                unchecked
                {
                    _content += XxHash128.HashToUInt128(body[start..(int)reader.BytesConsumed]);
                }

                AddKey(body, values);
                if (ids is [var imported, var own])
                {
                    AddCustomer(body, imported, own);
                }
            }
        }

        /// <summary>Notes where the key's values stand: for each part the best alternative that is present and not empty.</summary>
        private void ReadRecord(ref Utf8JsonReader reader, (int Rank, Range Where, bool Escaped)[] values, (int Rank, Range Where, bool Escaped)[] ids)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var part = _parts.Find(ref reader);
                var id = _ids.Find(ref reader);
                reader.Read();
                Note(ref reader, part, values);
                Note(ref reader, id, ids);
                reader.Skip();
            }
        }

        private static void Note(ref Utf8JsonReader reader, (int Part, int Rank) found, (int Rank, Range Where, bool Escaped)[] values)
        {
            var (part, rank) = found;
            if (part >= 0 && rank < values[part].Rank && reader.TokenType is JsonTokenType.String or JsonTokenType.Number && reader.ValueSpan.Length > 0)
            {
                var from = (int)reader.TokenStartIndex + (reader.TokenType == JsonTokenType.String ? 1 : 0);
                values[part] = (rank, from..(from + reader.ValueSpan.Length), reader.ValueIsEscaped);
            }
        }

        private void AddKey(ReadOnlySpan<byte> body, (int Rank, Range Where, bool Escaped)[] values)
        {
            if (values[0].Rank == int.MaxValue)
            {
                _keyless++;
                return;
            }

            // Numbers and text of the same digits are the same id: both are hashed as text. A zero byte keeps parts apart.
            _text.ResetWrittenCount();
            foreach (var (rank, where, escaped) in values)
            {
                if (rank != int.MaxValue)
                {
                    if (escaped)
                    {
                        _text.Write(Encoding.UTF8.GetBytes(Unescape(body[where])));
                    }
                    else
                    {
                        _text.Write(body[where]);
                    }
                }

                _text.Write("\0"u8);
            }

            _keys.Add(XxHash3.HashToUInt64(_text.WrittenSpan));
        }

        /// <summary>Anonymised customers have no imported id any more, and nobody to look for.</summary>
        private void AddCustomer(ReadOnlySpan<byte> body, (int Rank, Range Where, bool Escaped) imported, (int Rank, Range Where, bool Escaped) own)
        {
            if (imported.Rank != int.MaxValue)
            {
                var text = imported.Escaped ? Encoding.UTF8.GetBytes(Unescape(body[imported.Where])) : body[imported.Where];
                long id = 0;
                if (own.Rank != int.MaxValue && !(Utf8Parser.TryParse(body[own.Where], out id, out var used) && used == body[own.Where].Length))
                {
                    id = 0;
                }

                _customers.Add(new CustomerKey(CustomerIds.HashOf(text), id));
            }
        }

        private static string Unescape(ReadOnlySpan<byte> escaped)
        {
            byte[] quoted = [(byte)'"', .. escaped, (byte)'"'];
            var reader = new Utf8JsonReader(quoted);
            reader.Read();

            // Half a surrogate pair is no text: the key is then what stands there.
            return JsonText.TryGetString(ref reader) ?? Encoding.UTF8.GetString(escaped);
        }
    }
}
