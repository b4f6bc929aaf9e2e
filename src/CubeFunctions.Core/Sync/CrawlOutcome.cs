namespace CubeFunctions.Core.Sync;

/// <summary>What came of a window.</summary>
internal abstract record CrawlOutcome
{
    private CrawlOutcome() { }

    /// <summary>It is stored, proven or not.</summary>
    internal sealed record Stored(StoredWindow Window) : CrawlOutcome;

    /// <summary>Its pages do not agree: other borders may show more. Nothing of it is stored.</summary>
    /// <param name="Count">Records that Cube says there are; null where its pages disagree.</param>
    internal sealed record Halved(long? Count) : CrawlOutcome;

    /// <summary>Time is up or the host stops.</summary>
    internal sealed record Suspended : CrawlOutcome;
}
