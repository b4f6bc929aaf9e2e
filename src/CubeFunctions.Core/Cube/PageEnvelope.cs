using System.Text.Json;
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

        var reader = new Utf8JsonReader(PageReader.WithoutMark(page));
        var (count, next, hasNext) = ((long?)null, (string?)null, false);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName && !reader.ValueTextEquals("results"u8))
        {
            var (isCount, isNext) = (reader.ValueTextEquals("count"u8), reader.ValueTextEquals("next"u8));
            reader.Read();
            if (isCount)
            {
                count = RecordReader.ReadCount(ref reader);
            }
            else if (isNext)
            {
                (next, hasNext) = (RecordReader.ReadNext(ref reader), true);
            }
            else
            {
                reader.Skip();
            }
        }

        return count is { } total && hasNext && reader.TokenType == JsonTokenType.PropertyName ? Of(total, next, records) : null;
    }

    private static PageSummary Of(long count, string? next, int records) => new(count, next, records, [], 0, UInt128.Zero);
}
