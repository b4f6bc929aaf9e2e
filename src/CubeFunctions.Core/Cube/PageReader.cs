using System.Text.Json;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Cube;

/// <summary>Reads a page by itself, for those that need neither digests nor a reader that is kept.</summary>
public static class PageReader
{
    private static readonly ChangeSettings Plain = new();

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads a page.</summary>
    /// <exception cref="CubeException">
    /// <see cref="CubeFailureKind.NotJson"/> for HTML, <see cref="CubeFailureKind.MalformedPage"/> for anything that is not the page the
    /// feed promises.
    /// </exception>
    public static PageSummary Read(Feed feed, ReadOnlySpan<byte> body) =>
        new RecordReader(feed, new ContentRules(feed, Plain)).Read(body).Summary;

    /// <summary>The bytes after a byte order mark, where there is one.</summary>
    internal static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> body) =>
        body.StartsWith(ByteOrderMark) ? body[ByteOrderMark.Length..] : body;

    /// <inheritdoc cref="WithoutMark(ReadOnlySpan{byte})"/>
    internal static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> body) =>
        body.Span.StartsWith(ByteOrderMark) ? body[ByteOrderMark.Length..] : body;

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
}
