using System.Buffers;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;

namespace CubeFunctions.Core.Sync;

/// <summary>Takes a person's records out of a page. Every other byte stays as Cube sent it.</summary>
internal static class PageRedaction
{
    /// <summary>The page without the person's records; null where it holds none.</summary>
    /// <exception cref="System.Text.Json.JsonException">It is no page.</exception>
    public static byte[]? Without(Feed feed, ReadOnlySpan<byte> page, PersonRecords records)
    {
        var mark = page.Length - PageReader.WithoutMark(page).Length;
        var reader = PageReader.AtRecords(feed, page);
        var before = mark + (int)reader.BytesConsumed;
        var kept = new ArrayBufferWriter<byte>(page.Length);
        kept.Write(page[..before]);
        var indent = default(ReadOnlySpan<byte>);
        var (seen, written) = (0, 0);
        while (reader.Read() && reader.TokenType != System.Text.Json.JsonTokenType.EndArray)
        {
            var start = mark + (int)reader.TokenStartIndex;
            reader.Skip();
            var end = mark + (int)reader.BytesConsumed;
            var gap = page[before..start];
            indent = seen++ == 0 ? gap : indent;
            if (!records.Matches(page[start..end]))
            {
                // Each brings the comma in front of it along; the first that is left has none.
                kept.Write(written++ == 0 ? indent : gap);
                kept.Write(page[start..end]);
            }

            before = end;
        }

        kept.Write(page[before..]);
        return written == seen ? null : kept.WrittenSpan.ToArray();
    }
}
