namespace CubeFunctions.Core.Sync;

/// <summary>How far a crawl has come, beyond what the stored pages show.</summary>
/// <param name="Item">The item that crawls.</param>
/// <param name="Window">Name of the window under way.</param>
/// <param name="FirstAttempt">The attempt with which the crawl under way began.</param>
/// <param name="Sweep">Number of the crawl under way, from 1.</param>
/// <param name="Previous">What the crawl before found, or null.</param>
/// <param name="Matched">Pages that equalled the last reading and were not stored, as ranges (<c>1-40,42</c>).</param>
/// <param name="StartedAt">When the window's first request was made.</param>
internal sealed record CrawlProgress(
    string Item,
    string Window,
    int FirstAttempt,
    int Sweep,
    CrawlDigest? Previous,
    string Matched,
    DateTimeOffset StartedAt
);

/// <summary>What two crawls are compared by.</summary>
internal sealed record CrawlDigest(long Records, string Content);
