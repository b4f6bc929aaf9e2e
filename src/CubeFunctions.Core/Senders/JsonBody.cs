using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CubeFunctions.Core.Senders;

/// <summary>Takes a body as JSON, or says in words of our own what is wrong with it and where.</summary>
/// <remarks>The parser's own messages quote the body, which holds personal data; ours do not.</remarks>
internal static class JsonBody
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Stands for half a surrogate pair in bodies that are read in spite of one: no character that text may hold.</summary>
    public const char HalfSurrogate = '\uFFFE';

    private static ReadOnlySpan<byte> HalfSurrogateEscape => "FFFE"u8;

    /// <summary>The document, or the refusal; one of the two is null.</summary>
    /// <param name="headers">The request's headers.</param>
    /// <param name="body">The body, byte for byte.</param>
    /// <param name="markHalfSurrogates">
    /// Whether half a surrogate pair becomes <see cref="HalfSurrogate"/>, so that it costs its own event only; else it refuses the body.
    /// </param>
    public static (JsonDocument? Document, BodyRefusal? Refusal) Read(
        IHeaderDictionary headers,
        ReadOnlyMemory<byte> body,
        bool markHalfSurrogates = false
    )
    {
        if (body.Length > UpsertLimits.BodyBytes)
        {
            return (null, new BodyRefusal(RefusalKind.TooLarge, $"Larger than {UpsertLimits.BodyBytes} bytes."));
        }

        if (!IsJson(headers[HeaderNames.ContentType].ToString()))
        {
            return (null, new BodyRefusal(RefusalKind.UnsupportedMediaType, "The content type is not application/json in UTF-8."));
        }

        if (body.Span.StartsWith(ByteOrderMark))
        {
            body = body[ByteOrderMark.Length..];
        }

        if (markHalfSurrogates)
        {
            body = Mark(body);
        }

        return Check(body.Span) is { } refusal
            ? (null, refusal)
            : (JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = UpsertLimits.Depth }), null);
    }

    private static bool IsJson(string contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && (
            type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase)
        )
        && (
            !type.Charset.HasValue
            || HeaderUtilities.RemoveQuotes(type.Charset) is var charset
                && (
                    charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
                    || charset.Equals("utf8", StringComparison.OrdinalIgnoreCase)
                )
        );

    private static BodyRefusal? Check(ReadOnlySpan<byte> body)
    {
        if (!Utf8.IsValid(body))
        {
            return Refuse(RefusalKind.NotJson, "Not valid UTF-8", body, FirstInvalid(body));
        }

        // One level more than allowed, so that our own check meets the fault first and can name it.
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = UpsertLimits.Depth + 1 });
        var objects = new Stack<HashSet<string>>();
        string? name = null;
        try
        {
            while (reader.Read())
            {
                if (Check(ref reader, objects, name, body) is { } refusal)
                {
                    return refusal;
                }

                name = reader.TokenType == JsonTokenType.PropertyName ? reader.GetString() : name;
            }

            return null;
        }
        catch (JsonException exception)
        {
            return Refuse(RefusalKind.NotJson, "Not valid JSON", exception.LineNumber + 1 ?? 1, exception.BytePositionInLine + 1 ?? 1);
        }
    }

    private static BodyRefusal? Check(ref Utf8JsonReader reader, Stack<HashSet<string>> objects, string? name, ReadOnlySpan<byte> body)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject or JsonTokenType.StartArray when reader.CurrentDepth >= UpsertLimits.Depth:
                return Refuse(RefusalKind.TooDeep, $"Nested deeper than {UpsertLimits.Depth} levels", body, (int)reader.TokenStartIndex);
            case JsonTokenType.StartObject:
                objects.Push(new HashSet<string>(StringComparer.Ordinal));
                return null;
            case JsonTokenType.EndObject:
                objects.Pop();
                return null;
            case JsonTokenType.PropertyName or JsonTokenType.String when reader.ValueIsEscaped && FindHalfSurrogate(reader.ValueSpan) >= 0:
                var place =
                    reader.TokenType == JsonTokenType.String && name is not null
                        ? $"Field '{CubeFields.Shown(name)}' holds half a surrogate pair"
                        : "Half a surrogate pair";
                return Refuse(RefusalKind.NotJson, place, body, (int)reader.TokenStartIndex);
            case JsonTokenType.PropertyName when !objects.Peek().Add(reader.GetString()!):
                return Refuse(RefusalKind.DuplicateMember, "A member occurs twice in one object", body, (int)reader.TokenStartIndex);
            default:
                return null;
        }
    }

    /// <summary>
    /// Where the first of <c>\uD800</c> to <c>\uDFFF</c> that stands alone begins, or -1: such text is no Unicode, and cannot be
    /// written as UTF-8. Raw ones are invalid UTF-8.
    /// </summary>
    private static int FindHalfSurrogate(ReadOnlySpan<byte> escaped)
    {
        var high = -1;
        for (var i = 0; i < escaped.Length; i++)
        {
            var (at, unit) = (i, 0);
            if (escaped[i] == (byte)'\\' && i + 1 < escaped.Length)
            {
                i++;
                if (escaped[i] == (byte)'u' && i + 4 < escaped.Length)
                {
                    _ = System.Buffers.Text.Utf8Parser.TryParse(escaped.Slice(i + 1, 4), out unit, out _, 'X');
                    i += 4;
                }
            }

            if (char.IsLowSurrogate((char)unit) != high >= 0)
            {
                return high >= 0 ? high : at;
            }

            high = char.IsHighSurrogate((char)unit) ? at : -1;
        }

        return high;
    }

    /// <summary>
    /// Replaces halves of surrogate pairs, byte for byte: places stay as they are. In JSON a backslash stands within texts only.
    /// </summary>
    private static ReadOnlyMemory<byte> Mark(ReadOnlyMemory<byte> body)
    {
        var from = 0;
        byte[]? marked = null;
        while (FindHalfSurrogate(body.Span[from..]) is var at and >= 0)
        {
            body = marked ??= body.ToArray();
            HalfSurrogateEscape.CopyTo(marked.AsSpan(from + at + 2));
            from += at + 2 + HalfSurrogateEscape.Length;
        }

        return body;
    }

    private static int FirstInvalid(ReadOnlySpan<byte> body)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(body[at..], out _, out var length) == System.Buffers.OperationStatus.Done)
        {
            at += length;
        }

        return at;
    }

    private static BodyRefusal Refuse(RefusalKind kind, string what, ReadOnlySpan<byte> body, int at)
    {
        var before = body[..at];
        return Refuse(kind, what, before.Count((byte)'\n') + 1, at - before.LastIndexOf((byte)'\n'));
    }

    private static BodyRefusal Refuse(RefusalKind kind, string what, long line, long position) =>
        new(kind, $"{what}: line {line}, byte {position}.", line, position);
}
