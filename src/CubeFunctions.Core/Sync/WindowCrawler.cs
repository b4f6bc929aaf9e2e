using System.Collections.Concurrent;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Sync;

/// <summary>
/// Brings one window into <c>cube-raw</c>: crawls it until its pages are proven or the tries are used up, then writes the manifest.
/// </summary>
public sealed partial class WindowCrawler(
    PageSource source,
    RawStore raw,
    CubeSettings cubeSettings,
    SyncSettings settings,
    TimeProvider time,
    ILogger<WindowCrawler> logger
)
{
    /// <summary>A window that still disagrees after so many crawls is stored unproven. Today's moves by nature, so it gets fewer.</summary>
    private const int MaxSweeps = 6;
    private const int MaxSweepsToday = 3;

    /// <summary>Unchanged pages of a window that differs elsewhere are copied within storage, so many at once.</summary>
    private const int CopiesAtOnce = 8;

    private enum NextStep
    {
        Store,
        CrawlAgain,
        Halve,
    }

    /// <summary>Crawls a window.</summary>
    /// <returns>What it gave. Where it is suspended, progress is in the lease's row, to be saved.</returns>
    internal async Task<CrawlOutcome> CrawlAsync(WindowTask task, CancellationToken cancellationToken)
    {
        var (item, row, window) = (task.Item, task.Lease.Row, task.Window);
        var archive = new WindowArchive(raw, BlobPaths.Window(item.FeedOf, item.Scope, window, item.PartitionKey), task.Resumes);
        if (await archive.OpenAsync(cancellationToken) is { } done)
        {
            NoteReading(task, archive, done);
            return Stored(done, done, archive.ManifestPath, unchanged: false);
        }

        var state =
            row.ReadProgress() is { } saved && saved.Item == item.Holder && saved.Window == window.Name
                ? saved
                : new CrawlProgress(
                    item.Holder,
                    window.Name,
                    archive.Found.Count > 0 ? archive.Found.Min(page => page.Attempt) : row.Attempt,
                    1,
                    null,
                    "",
                    time.GetUtcNow()
                );
        row.WriteProgress(state);
        var pages = new ConcurrentDictionary<int, CrawledPage>();
        var target = new PageTarget(
            item.FeedOf,
            item.Scope,
            row.Attempt,
            archive,
            await FindEarlierAsync(row, window, cancellationToken),
            new Dictionary<int, CrawledPage>(),
            task.Since,
            task.Observers
        );
        await source.ReadBackAsync(
            target,
            archive.Found.Where(page => page.Attempt >= state.FirstAttempt),
            PageRanges.Parse(state.Matched),
            pages,
            shouldStop: null,
            cancellationToken
        );
        while (true)
        {
            var crawl = new PageCrawl(
                (number, query, token) => source.FetchAsync(target, number, query, token),
                window.Query,
                pages,
                PageSlots.MostOf(cubeSettings),
                task.ShouldStop
            );
            if (await crawl.RunAsync(cancellationToken) == CrawlEnd.Suspended)
            {
                return Suspend(row, state, pages.Values);
            }

            var crawled = Contiguous(pages);
            var same = target.Earlier?.IsSameAs(crawled) == true ? target.Earlier : null;
            if (
                same is null
                && target.Earlier is not null
                && await source.CompleteAsync(target, pages, task.ShouldStop, cancellationToken) == CrawlEnd.Suspended
            )
            {
                // The next claim reads them back before anything else.
                return Suspend(row, state, crawled);
            }

            var isWhole = crawled.TrueForAll(page => pages.ContainsKey(page.Number));
            crawled = isWhole ? Contiguous(pages) : crawled;
            var audit = CrawlAudit.Of(crawled) with { IsBroken = crawl.Shrunk || crawl.Resized };
            var (step, proof) = isWhole ? Decide(task, state, audit, same) : (NextStep.Store, Proof.None);
            if (step == NextStep.Halve)
            {
                LogHalved(logger, item.Feed, item.ScopeKind, item.ScopeId, window.Name, audit.Reason);
                return await archive.AbandonAsync(cancellationToken) is { } other
                    ? TakeOver(task, archive, other)
                    : new CrawlOutcome.Halved(audit.CountsAgree ? audit.ReportedCount : null);
            }

            if (step == NextStep.Store)
            {
                var manifest = Manifest(item, window, state, audit, proof) with
                {
                    PagedByNumber = crawl.ByNumber,
                    Gap =
                        proof == Proof.None
                        && isWhole
                        && audit.IsOnlyShort
                        && state.Previous == audit.Digest
                        && task.IsGap(audit.ReportedCount, audit.Records),
                };
                if (isWhole && await StoreAsync(task, target, manifest, crawled, cancellationToken) is { } stored)
                {
                    return stored;
                }

                // The earlier reading, or what was made of it, is not whole: it is forgotten, and the window read anew to be stored whole.
                row.RemoveReading(target.Earlier!.Reading);
                target = target with { Earlier = null };
            }
            else
            {
                LogDisagrees(logger, item.Feed, item.ScopeKind, item.ScopeId, window.Name, state.Sweep, audit.Reason);
                await Task.Delay(TimeSpan.FromMilliseconds(250 * (1 << state.Sweep)), time, cancellationToken);
                state = state with { Sweep = state.Sweep + 1, Previous = audit.Digest };
            }

            // Another crawl has pages of its own; its number is saved before its first page is stored.
            row.Attempt++;
            state = state with { FirstAttempt = row.Attempt, Matched = "" };
            row.WriteProgress(state);
            await task.Lease.SaveAsync(cancellationToken);
            target = target with { Attempt = row.Attempt, Before = crawled.ToDictionary(page => page.Number, page => page.WithoutKeys()) };
            pages.Clear();
            task.Observers.Restart();
            source.ReadAgain(crawled);
        }
    }

    /// <summary>Notes which pages equalled those of the last proven reading: the others are stored.</summary>
    private static CrawlOutcome.Suspended Suspend(CheckpointRow row, CrawlProgress state, IEnumerable<CrawledPage> pages)
    {
        row.WriteProgress(state with { Matched = PageRanges.Format(pages.Where(page => page.IsUnchanged).Select(page => page.Number)) });
        return new CrawlOutcome.Suspended();
    }

    private (NextStep Step, Proof Proof) Decide(WindowTask task, CrawlProgress state, CrawlAudit audit, EarlierReading? same)
    {
        var (feed, window) = (task.Item.FeedOf, task.Window);
        var proof =
            feed.Shape == FeedShape.Array
                ? Proof.Count
                : same?.Manifest.Proof
                    ?? audit.Prove(feed.Key, state.Previous, !feed.Dated && settings.SnapshotProof == SnapshotProof.Sweeps);
        if (proof != Proof.None)
        {
            return (NextStep.Store, proof);
        }

        if (window.Days > 1 && task.MayHalve && audit.WantsOtherBorders)
        {
            return (NextStep.Halve, Proof.None);
        }

        // A loss that is the same twice stays.
        var isToday = window.From is { } from && from == window.To && from == task.Item.TodayDay;
        var isStable = audit.IsShort && state.Previous == audit.Digest;
        return (isStable || state.Sweep >= (isToday ? MaxSweepsToday : MaxSweeps) ? NextStep.Store : NextStep.CrawlAgain, Proof.None);
    }

    /// <summary>
    /// The last proven reading of a window that is young enough to stand for it; one whose manifest is gone is forgotten.
    /// </summary>
    private async Task<EarlierReading?> FindEarlierAsync(CheckpointRow row, Window window, CancellationToken cancellationToken)
    {
        if (
            row.ReadReadings().Find(reading => reading.Window == window) is not { } reading
            || time.GetUtcNow() - reading.At >= EarlierReading.MaxAge
        )
        {
            return null;
        }

        if (await raw.FindManifestAsync(reading.Manifest, cancellationToken) is { } manifest)
        {
            return new EarlierReading(reading, manifest);
        }

        row.RemoveReading(reading);
        return null;
    }

    /// <returns>
    /// Null where the earlier reading lacks a page that would have to be named or copied, or an observer what it made of that reading.
    /// </returns>
    private static async Task<CrawlOutcome?> StoreAsync(
        WindowTask task,
        PageTarget target,
        WindowManifest manifest,
        List<CrawledPage> crawled,
        CancellationToken cancellationToken
    )
    {
        var (lease, archive, earlier) = (task.Lease, target.Archive, target.Earlier);
        lease.Lost.ThrowIfCancellationRequested();
        if (earlier?.IsSameAs(crawled) == true && manifest.Proof != Proof.None)
        {
            if (!await archive.IsWholeAsync(earlier, cancellationToken) || !await task.Observers.AreIntactAsync(cancellationToken))
            {
                return null;
            }

            if (await archive.AbandonAsync(cancellationToken) is { } other)
            {
                return TakeOver(task, archive, other);
            }

            lease.Row.ProvenAt = manifest.CompletedAt;
            return Stored(earlier.Manifest, manifest with { Pages = earlier.Manifest.Pages }, earlier.Reading.Manifest, unchanged: true);
        }

        var isWhole = !crawled.Exists(static page => page.IsUnchanged) || await archive.IsWholeAsync(earlier!, cancellationToken);
        var options = new ParallelOptions { MaxDegreeOfParallelism = CopiesAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            crawled.Where(page => page.IsUnchanged).TakeWhile(_ => Volatile.Read(ref isWhole)),
            options,
            async (page, token) =>
            {
                if (!await archive.CopyAsync(earlier!.PathOf(page.Number), target.Attempt, page.Number, token))
                {
                    Volatile.Write(ref isWhole, false);
                }
            }
        );
        if (!isWhole)
        {
            return null;
        }

        if (manifest.Counts)
        {
            LargeWindow.Collect(manifest.Records);

            // Before the manifest: a window that has one is not crawled again.
            await task.Observers.CompletedAsync(manifest.Gap, earlier is not null, cancellationToken);
        }

        manifest = await archive.CompleteAsync(
            manifest with
            {
                Pages =
                [
                    .. crawled.Select(page => new ManifestPage(
                        BlobPaths.Page(page.StoredBy ?? target.Attempt, page.Number),
                        page.Summary.Records,
                        page.Bytes,
                        page.Sha256
                    )),
                ],
            },
            cancellationToken
        );
        if (!manifest.Pages.Select(static page => page.Sha256).SequenceEqual(crawled.Select(static page => page.Sha256)))
        {
            return TakeOver(task, archive, manifest);
        }

        NoteReading(task, archive, manifest);
        return Stored(manifest, manifest, archive.ManifestPath, unchanged: false);
    }

    /// <summary>
    /// The reading of another worker, which was quicker. What this one's observers have seen is of other pages: the stored ones are read.
    /// </summary>
    private static CrawlOutcome.Stored TakeOver(WindowTask task, WindowArchive archive, WindowManifest manifest)
    {
        task.Observers.Restart();
        NoteReading(task, archive, manifest);
        return Stored(manifest, manifest, archive.ManifestPath, unchanged: false);
    }

    /// <summary>Notes a proven reading, once: a worker that died after its manifest had no time to.</summary>
    private static void NoteReading(WindowTask task, WindowArchive archive, WindowManifest manifest)
    {
        var row = task.Lease.Row;
        if (manifest.Proof != Proof.None && !row.ReadReadings().Exists(reading => reading.Manifest == archive.ManifestPath))
        {
            row.ProvenAt = manifest.CompletedAt;
            row.AddReading(new Reading(manifest.From, manifest.To, archive.ManifestPath, manifest.CompletedAt) { IsHalf = task.IsHalf });
        }
    }

    private WindowManifest Manifest(ItemRow item, Window window, CrawlProgress state, CrawlAudit audit, Proof proof) =>
        new()
        {
            RunId = item.PartitionKey,
            Feed = item.FeedOf.Name,
            Scope = item.ScopeKind,
            ScopeId = item.ScopeId,
            From = window.From,
            To = window.To,
            Proof = proof,
            Sweeps = state.Sweep,
            ReportedCount = audit.ReportedCount,
            Records = audit.Records,
            DistinctKeys = audit.DistinctKeys,
            Bytes = audit.Bytes,
            StartedAt = state.StartedAt,
            CompletedAt = time.GetUtcNow(),
            Reason = proof == Proof.None ? audit.Reason : null,
            Pages = [],
        };

    /// <param name="holder">The manifest that holds the pages.</param>
    /// <param name="read">What this reading gave.</param>
    /// <param name="path">Path of the manifest that holds the pages.</param>
    /// <param name="unchanged">Whether it is that of an earlier reading.</param>
    private static CrawlOutcome.Stored Stored(WindowManifest holder, WindowManifest read, string path, bool unchanged) =>
        new(
            new StoredWindow(
                new WindowResult(read.From, read.To, read.Proof, read.Pages.Count, read.Records, read.Bytes, path, unchanged)
                {
                    Count = read.ReportedCount,
                    Reason = read.Reason,
                },
                holder,
                read.StartedAt,
                read.CompletedAt
            )
        );

    /// <summary>The pages from the first on without a hole. What lies behind a page that was gone belongs to no whole.</summary>
    internal static List<CrawledPage> Contiguous(ConcurrentDictionary<int, CrawledPage> pages)
    {
        var list = new List<CrawledPage>(pages.Count);
        for (var number = 1; pages.TryGetValue(number, out var page); number++)
        {
            list.Add(page);
        }

        return list;
    }

    [LoggerMessage(
        150,
        LogLevel.Information,
        "{Feed} of {ScopeKind} {ScopeId}, window {Window}: crawl {Sweep} proves nothing: {Reason}; crawling again"
    )]
    private static partial void LogDisagrees(
        ILogger logger,
        string feed,
        string scopeKind,
        string scopeId,
        string window,
        int sweep,
        string reason
    );

    [LoggerMessage(151, LogLevel.Information, "{Feed} of {ScopeKind} {ScopeId}, window {Window}: {Reason}; its halves are read instead")]
    private static partial void LogHalved(ILogger logger, string feed, string scopeKind, string scopeId, string window, string reason);
}
