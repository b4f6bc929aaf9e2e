namespace CubeFunctions.Core.Sync;

/// <summary>How a crawl ended.</summary>
internal enum CrawlEnd
{
    /// <summary>Cube has no further page.</summary>
    Complete,

    /// <summary>Time is up or the host stops: what was read is stored, the rest is for the next claim.</summary>
    Suspended,
}
