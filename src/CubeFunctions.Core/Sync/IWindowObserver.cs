using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Sync;

/// <summary>
/// Observes the windows that Sync reads. Sync publishes and knows no observer; the composition root registers them (the index of customers,
/// change detection).
/// </summary>
/// <remarks>
/// What is saved before what, for one claimed item:
/// <list type="number">
/// <item><see cref="IItemObservation.PrepareAsync"/>, before the first page.</item>
/// <item>
/// For each window <see cref="IItemObservation.BeginWindow"/>, then its pages as they are crawled, each before it is stored or after it
/// was found unchanged. An unchanged page is not parsed as a rule.
/// </item>
/// <item>
/// <see cref="IWindowObservation.RecallAsync"/>, where the window differs and some of its unchanged pages were not parsed: those that an
/// observer does not know are read back, and come by parsed.
/// </item>
/// <item>
/// <see cref="IWindowObservation.CompletedAsync"/>: the window is proven or a gap, its manifest not yet visible. A crash after it repeats
/// it.
/// For one that is unchanged <see cref="IWindowObservation.IsIntactAsync"/> instead.
/// </item>
/// <item>The manifest is written; from then on a later claim skips the crawl of the window.</item>
/// <item>
/// <see cref="IWindowObservation.StoredAsync"/>: also for a window whose manifest an earlier claim wrote, and for one that is unchanged.
/// </item>
/// <item>
/// <see cref="IItemObservation.CommitAsync"/>, before the checkpoint moves and before the item's row says that windows are done.
/// </item>
/// </list>
/// Every step can come twice, in another process and with other data, and must have the effect of one.
/// </remarks>
internal interface IWindowObserver
{
    /// <summary>Begins to observe one claimed item; null where its feed is of no interest.</summary>
    IItemObservation? Begin(ObservedItem item);
}

/// <summary>One observer's view of one claimed item.</summary>
internal interface IItemObservation : IDisposable
{
    /// <summary>Called once, before the first window.</summary>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>A window is about to be crawled.</summary>
    IWindowObservation BeginWindow(Window window);

    /// <summary>Makes what was observed durable. Called before the checkpoint moves, possibly several times for one item.</summary>
    Task CommitAsync(CancellationToken cancellationToken);

    /// <summary>All windows of the item were read.</summary>
    Task CompleteAsync(CancellationToken cancellationToken);
}

/// <summary>One observer's view of one window.</summary>
internal interface IWindowObservation : IDisposable
{
    /// <summary>A page was crawled. Called from several tasks at once; the bytes are valid until the task ends.</summary>
    Task PageAsync(ObservedPage page, CancellationToken cancellationToken);

    /// <summary>
    /// The window differs from its last proven reading, and some pages that both have were not parsed. An observer takes what it needs of
    /// them from what it kept.
    /// </summary>
    /// <param name="pages">Those pages. An observer that knows the keys of their records adds them, for the proof.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Numbers of those that the observer does not know: it will see them parsed.</returns>
    Task<IReadOnlyCollection<int>> RecallAsync(UnparsedPages pages, CancellationToken cancellationToken);

    /// <summary>The crawl begins anew: pages so far do not count.</summary>
    void Restart();

    /// <summary>
    /// The window is proven and differs from its last proven reading, or it is a gap: its records count, and what it lacks says nothing.
    /// Its manifest is not yet visible.
    /// </summary>
    /// <param name="isGap">Whether it is a gap.</param>
    /// <param name="hasEarlierReading">Whether an earlier proven reading of the window is known.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    Task CompletedAsync(bool isGap, bool hasEarlierReading, CancellationToken cancellationToken);

    /// <summary>
    /// The window is as its last proven reading. Whether what the observer made of that reading is still there; where it is not, the window
    /// is read and stored again, as if it were new.
    /// </summary>
    Task<bool> IsIntactAsync(CancellationToken cancellationToken);

    /// <summary>The window is stored, proven or not.</summary>
    Task StoredAsync(StoredWindow window, CancellationToken cancellationToken);
}

/// <summary>A page as observers see it.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Bytes">Its bytes, as received.</param>
/// <param name="Sha256">Their SHA-256 in lower-case hexadecimal digits.</param>
/// <param name="Records">What one pass read off it; null where it is unchanged and was not parsed.</param>
/// <param name="IsUnchanged">Whether it equals the same page of the window's last proven reading byte for byte.</param>
internal readonly record struct ObservedPage(int Number, ReadOnlyMemory<byte> Bytes, string Sha256, PageRecords? Records, bool IsUnchanged)
{
    public static ObservedPage Of(CrawledPage crawled, Page page, bool isUnchanged) =>
        new(crawled.Number, page.Body.Bytes, crawled.Sha256, page.IsParsed ? page.Records : null, isUnchanged);
}

/// <summary>Pages of a window's last proven reading that came again, byte for byte, and were not parsed.</summary>
/// <param name="manifestPath">Path of that reading's manifest.</param>
/// <param name="manifest">The manifest.</param>
/// <param name="numbers">Numbers of the pages.</param>
internal sealed class UnparsedPages(string manifestPath, WindowManifest manifest, IEnumerable<int> numbers)
{
    public string ManifestPath => manifestPath;

    public WindowManifest Manifest => manifest;

    public IReadOnlyCollection<int> Numbers { get; } = [.. numbers];

    /// <summary>Hashes of the keys of the pages' records, as <see cref="PageSummary.KeyHashes"/>, by the number of the page.</summary>
    public Dictionary<int, ulong[]> Keys { get; } = [];
}

/// <summary>A window whose pages are stored.</summary>
/// <param name="Result">What the item's row keeps of it.</param>
/// <param name="Manifest">The manifest that holds its pages: of an earlier run where the window is unchanged.</param>
/// <param name="StartedAt">When the first request of this reading was made.</param>
/// <param name="ReadAt">When its last page was read.</param>
internal sealed record StoredWindow(WindowResult Result, WindowManifest Manifest, DateTimeOffset StartedAt, DateTimeOffset ReadAt);
