namespace CubeFunctions.Core.Cube;

/// <summary>What one pass reads off a page.</summary>
/// <param name="Summary">What paging and the proof need.</param>
/// <param name="Digests">What a comparison needs, a record each, in the page's order.</param>
/// <param name="Bounds">Where each record stands in the page's bytes.</param>
internal sealed record PageRecords(PageSummary Summary, RecordDigest[] Digests, RecordBounds[] Bounds);

/// <summary>Where a record stands in its page.</summary>
/// <param name="Start">Its first byte.</param>
/// <param name="Length">Its bytes.</param>
internal readonly record struct RecordBounds(int Start, int Length)
{
    /// <summary>The record's bytes.</summary>
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> page) => page.Slice(Start, Length);

    /// <inheritdoc cref="Of(ReadOnlySpan{byte})"/>
    public ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> page) => page.Slice(Start, Length);
}
