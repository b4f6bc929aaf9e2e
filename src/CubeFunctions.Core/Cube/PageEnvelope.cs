using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Cube;

/// <summary>A page as an earlier reading knows it: one of the same bytes need not be parsed.</summary>
/// <param name="Sha256">Its SHA-256 in lower-case hexadecimal digits.</param>
/// <param name="Records">Records in it.</param>
internal sealed record KnownPage(string Sha256, int Records);

/// <summary>Reads what stands before the records of a page that was parsed before, byte for byte the same.</summary>
internal static class PageEnvelope
{
    /// <summary>The page's count and next page; null where they do not both stand before the records.</summary>
    /// <param name="feed">The feed.</param>
    /// <param name="page">The page. Equal bytes were a page of the feed before, so that nothing of it is checked again.</param>
    /// <param name="records">Records in it.</param>
    public static PageSummary? Find(Feed feed, ReadOnlySpan<byte> page, int records)
    {
        if (feed.Shape == FeedShape.Array)
        {
            return Of(records, null, records);
        }

        var cursor = new JsonCursor(PageReader.WithoutMark(page));
        var (count, next, hasNext, atRecords) = ((long?)null, (string?)null, false, false);
        cursor.Read();
        for (var more = cursor.First(JsonCursor.EndOfObject); more; more = !atRecords && cursor.Next(JsonCursor.EndOfObject))
        {
            cursor.ReadName();
            var name = cursor.Value;
            cursor.Read();
            atRecords = name.SequenceEqual("results"u8);
            if (name.SequenceEqual("count"u8))
            {
                count = RecordReader.ReadCount(ref cursor, count);
            }
            else if (name.SequenceEqual("next"u8))
            {
                (next, hasNext) = (RecordReader.ReadNext(ref cursor), true);
            }
            else if (!atRecords)
            {
                cursor.Skip();
            }
        }

        return count is { } total && hasNext && atRecords ? Of(total, next, records) : null;
    }

    private static PageSummary Of(long count, string? next, int records) => new(count, next, records, [], 0, default);
}
