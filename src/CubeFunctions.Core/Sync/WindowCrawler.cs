using System.Collections.Concurrent;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Sync;

/// <summary>Brings one window into <c>cube-raw</c>: sweeps until two sweeps or a count prove it, then writes the manifest.</summary>
public sealed partial class WindowCrawler(
    CubeClient cube, RawStore raw, SharedPause pause, PageSlots slots, SyncProgress progress, CubeSettings cubeSettings, SyncSettings settings,
    TimeProvider time, ILogger<WindowCrawler> logger)
{
    /// <summary>A window that still disagrees after so many sweeps is stored unproven. Today's moves by nature, so it gets fewer.</summary>
    private const int MaxSweeps = 6;
    private const int MaxSweepsToday = 3;

    /// <summary>A reading older than this is stored again even when it is the same, so that its pages never outlive the lifecycle rules.</summary>
    private static readonly TimeSpan ReadingAge = TimeSpan.FromDays(7);

    /// <summary>Sweeps a window.</summary>
    /// <returns>What it gave, or null when time was up: progress is saved in the lease's row.</returns>
    internal async Task<StoredWindow?> CrawlAsync(ItemRow item, ScopeLease lease, Window window, bool resumes, WindowObservers observers, Func<bool> shouldStop, CancellationToken cancellationToken)
    {
        var feed = item.FeedOf;
        var folder = BlobPaths.Window(feed, item.Scope, window, item.PartitionKey);
        var manifestPath = folder + BlobPaths.ManifestName;
        var row = lease.Row;
        var stored = resumes ? await ListPagesAsync(folder, cancellationToken) : [];
        if (stored.HasManifest && await raw.FindManifestAsync(manifestPath, cancellationToken) is { } done)
        {
            return Stored(done, done, manifestPath, unchanged: false);
        }

        var reading = row.ReadReadings().FirstOrDefault(other => other.Window == window && time.GetUtcNow() - other.At < ReadingAge);
        var known = reading is null ? null : await raw.FindManifestAsync(reading.Manifest, cancellationToken);
        var state = row.ReadProgress() is { } saved && saved.Item == item.Holder && saved.Window == window.Name
            ? saved
            : new CrawlProgress(item.Holder, window.Name, stored.Pages.Count > 0 ? stored.Pages.Min(page => page.Attempt) : row.Attempt, 1, null, "", time.GetUtcNow());
        row.WriteProgress(state);
        var place = new Place(feed, item.Scope, folder, reading, known, resumes ? null : [], observers);

        var pages = new ConcurrentDictionary<int, CrawledPage>();
        await ReadBackAsync(place, stored.Pages.Where(page => page.Attempt >= state.FirstAttempt), state, pages, cancellationToken);

        // Pages of the sweep before, by number: one that comes again byte for byte is not stored twice.
        var before = new Dictionary<int, CrawledPage>();
        while (true)
        {
            var attempt = row.Attempt;
            var earlier = before;
            var sweep = new PageCrawl(
                (number, query, token) => FetchAsync(place, query, attempt, number, earlier, token),
                window.Query, pages, cubeSettings.MaxConcurrentRequests, shouldStop);
            var end = await sweep.RunAsync(cancellationToken);
            if (end == CrawlEnd.Suspended)
            {
                row.WriteProgress(state with { Matched = PageRanges.Format(pages.Values.Where(page => page.Attempt == 0).Select(page => page.Number)) });
                return null;
            }

            var swept = Contiguous(pages);
            var audit = CrawlAudit.Of(swept, sweep.Shrunk);
            var proof = feed.Shape == FeedShape.Array ? Proof.Count : audit.Prove(feed.Key, state.Previous, !feed.Dated && settings.SnapshotProof == SnapshotProof.Sweeps);
            var isToday = window.From is { } from && from == window.To && from == item.TodayDay;
            if (proof != Proof.None || state.Sweep >= (isToday ? MaxSweepsToday : MaxSweeps))
            {
                var manifest = Manifest(item, feed, window, state, audit, proof, swept);
                return await FinishAsync(place, manifest, swept, lease, cancellationToken);
            }

            LogDisagrees(logger, feed.Name, item.Scope.KindName, item.ScopeId, window.Name, state.Sweep, audit.Records, audit.ReportedCount);
            await Task.Delay(TimeSpan.FromMilliseconds(250 * (1 << state.Sweep)), time, cancellationToken);

            // A new sweep has pages of its own; its number is saved before its first page is stored.
            row.Attempt++;
            state = state with { FirstAttempt = row.Attempt, Sweep = state.Sweep + 1, Previous = audit.Digest, Matched = "" };
            row.WriteProgress(state);
            await lease.SaveAsync(cancellationToken);
            pages.Clear();
            observers.Restart();
            before = swept.ToDictionary(page => page.Number, page => page with { Summary = page.Summary with { KeyHashes = [], Customers = [] } });
            progress.Resweep(swept.Count, audit.Records, audit.Bytes);
        }
    }

    /// <summary>Gets one page, and stores it unless it equals the same page of the last proven reading.</summary>
    private async Task<CrawledPage> FetchAsync(
        Place place, string query, int attempt, int number, Dictionary<int, CrawledPage> before, CancellationToken cancellationToken)
    {
        using var slot = await slots.EnterAsync(cancellationToken);
        await pause.RefreshAsync(cancellationToken);
        using var page = await GetAsync(place.Feed, place.Feed.PathOf(place.Scope), query, number, cancellationToken);
        var swept = CrawledPage.Of(number, attempt, page);
        var same = place.Known is { } known && number <= known.Pages.Count && known.Pages[number - 1].Sha256 == swept.Sha256;
        await place.Observers.PageAsync(new ObservedPage(number, page.Body.Bytes, page.Summary, same), cancellationToken);
        if (same)
        {
            swept = swept with { Attempt = 0 };
        }
        else if (before.TryGetValue(number, out var earlier) && earlier.Attempt > 0 && earlier.Sha256 == swept.Sha256)
        {
            swept = swept with { Attempt = earlier.Attempt };
        }
        else
        {
            var name = BlobPaths.Page(attempt, number);
            place.Mine?.Add(name);
            await raw.WritePageAsync(place.Folder + name, page.Body, cancellationToken);
        }

        progress.PageRead(swept.Summary.Records, swept.Bytes);
        var tag = new KeyValuePair<string, object?>("feed", place.Feed.Setting);
        CubeMetrics.Pages.Add(1, tag);
        CubeMetrics.Records.Add(swept.Summary.Records, tag);
        CubeMetrics.Bytes.Add(swept.Bytes, tag);
        return swept;
    }

    private async Task<Page> GetAsync(Feed feed, string path, string query, int number, CancellationToken cancellationToken)
    {
        try
        {
            return await cube.GetPageAsync(feed, path, query, cancellationToken);
        }
        catch (CubeException exception) when (exception.Kind == CubeFailureKind.NotJson && number > 1)
        {
            // In the middle of a sweep an HTML page is a proxy's hiccup; from the first request on it is the tenant's answer.
            throw new CubeException(CubeFailureKind.Transient, exception.Message, exception);
        }
        catch (CubeException exception) when (exception.Kind == CubeFailureKind.MalformedPage)
        {
            throw new CubeException(CubeFailureKind.MalformedPage, $"page {number}: {exception.Message}", exception);
        }
    }

    private async Task<StoredWindow> FinishAsync(
        Place place, WindowManifest manifest, List<CrawledPage> swept, ScopeLease lease, CancellationToken cancellationToken)
    {
        var (reading, known) = (place.Reading, place.Known);
        lease.Lost.ThrowIfCancellationRequested();
        var unchanged = known is not null && manifest.Proof != Proof.None && swept.Count == known.Pages.Count && swept.All(page => page.Attempt == 0);
        if (unchanged)
        {
            await RemoveLeftoversAsync(place, [], cancellationToken);
            lease.Row.ProvenAt = manifest.CompletedAt;
            return Stored(known!, manifest, reading!.Manifest, unchanged: true);
        }

        foreach (var page in swept.Where(page => page.Attempt == 0))
        {
            using var copy = await raw.ReadBytesAsync(PathBelow(reading!.Manifest, known!.Pages[page.Number - 1].Name), cancellationToken);
            await raw.WritePageAsync(place.Folder + BlobPaths.Page(lease.Row.Attempt, page.Number), copy, cancellationToken);
        }

        manifest = manifest with { Pages = [.. swept.Select(page => ManifestPageOf(page with { Attempt = page.Attempt == 0 ? lease.Row.Attempt : page.Attempt }))] };
        if (manifest.Proof != Proof.None)
        {
            // Before the manifest: a window that has one is not crawled again.
            await place.Observers.ProvenAsync(reading is not null, cancellationToken);
        }

        var path = place.Folder + BlobPaths.ManifestName;
        if (!await raw.TryWriteAsync(path, manifest, ManifestJson.Default.WindowManifest, cancellationToken))
        {
            // A worker that lost its lease was quicker, or our own answer was lost. The manifest that is there is the one that counts.
            manifest = await raw.FindManifestAsync(path, cancellationToken) ?? manifest;
        }

        await RemoveLeftoversAsync(place, [.. manifest.Pages.Select(page => page.Name)], cancellationToken);
        if (manifest.Proof != Proof.None)
        {
            lease.Row.ProvenAt = manifest.CompletedAt;
            lease.Row.AddReading(new Reading(manifest.From, manifest.To, path, manifest.CompletedAt));
        }

        return Stored(manifest, manifest, path, unchanged: false);
    }

    /// <summary>Removes pages of claims and sweeps that do not count.</summary>
    private async Task RemoveLeftoversAsync(Place place, HashSet<string> counting, CancellationToken cancellationToken)
    {
        var stored = place.Mine?.ToList() ?? [];
        if (place.Mine is null)
        {
            await foreach (var name in raw.ListAsync(place.Folder + "attempt=", cancellationToken))
            {
                stored.Add("attempt=" + name);
            }
        }

        foreach (var name in stored.Where(name => !counting.Contains(name)))
        {
            await raw.DeleteAsync(place.Folder + name, cancellationToken);
        }
    }

    /// <summary>Makes the pages that earlier claims of the sweep stored known again, by reading them.</summary>
    private async Task ReadBackAsync(
        Place place, IEnumerable<StoredPage> stored, CrawlProgress state, ConcurrentDictionary<int, CrawledPage> pages, CancellationToken cancellationToken)
    {
        // Where two claims stored the same page, the later one counts.
        var paths = stored.GroupBy(page => page.Number).ToDictionary(
            group => group.Key, group => (group.Max(page => page.Attempt), place.Folder + BlobPaths.Page(group.Max(page => page.Attempt), group.Key)));
        if (place.Known is { } known)
        {
            foreach (var number in PageRanges.Parse(state.Matched).Where(number => !paths.ContainsKey(number)))
            {
                paths[number] = (0, PathBelow(place.Reading!.Manifest, known.Pages[number - 1].Name));
            }
        }

        await Parallel.ForEachAsync(paths, cancellationToken, async (entry, token) =>
        {
            using var slot = await slots.EnterAsync(token);
            using var page = PageReader.Parse(place.Feed, await raw.ReadBytesAsync(entry.Value.Item2, token));
            pages[entry.Key] = CrawledPage.Of(entry.Key, entry.Value.Item1, page);
            await place.Observers.PageAsync(new ObservedPage(entry.Key, page.Body.Bytes, page.Summary, IsUnchanged: false), token);
        });
    }

    private async Task<StoredPages> ListPagesAsync(string folder, CancellationToken cancellationToken)
    {
        var found = new StoredPages();
        await foreach (var name in raw.ListAsync(folder, cancellationToken))
        {
            if (name == BlobPaths.ManifestName)
            {
                found.HasManifest = true;
            }
            else if (BlobPaths.TryParsePage(name, out var attempt, out var number))
            {
                found.Pages.Add(new StoredPage(number, attempt));
            }
        }

        return found;
    }

    private WindowManifest Manifest(ItemRow item, Feed feed, Window window, CrawlProgress state, CrawlAudit audit, Proof proof, List<CrawledPage> swept) => new()
    {
        RunId = item.PartitionKey,
        Feed = feed.Name,
        Scope = item.Scope.KindName,
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
        Pages = [.. swept.Select(ManifestPageOf)],
    };

    private static ManifestPage ManifestPageOf(CrawledPage page) => new(BlobPaths.Page(page.Attempt, page.Number), page.Summary.Records, page.Bytes, page.Sha256);

    /// <param name="holder">The manifest that holds the pages.</param>
    /// <param name="read">What this reading gave.</param>
    /// <param name="path">Path of the manifest that holds the pages.</param>
    /// <param name="unchanged">Whether it is that of an earlier reading.</param>
    private static StoredWindow Stored(WindowManifest holder, WindowManifest read, string path, bool unchanged) => new(
        new WindowResult(read.From, read.To, read.Proof, read.Pages.Count, read.Records, read.Bytes, path, unchanged), holder, read.StartedAt, read.CompletedAt);

    private static string PathBelow(string manifestPath, string name) => manifestPath[..^BlobPaths.ManifestName.Length] + name;

    /// <summary>The pages from the first on without a gap. A gap is where a page was gone; what lies behind it belongs to no whole.</summary>
    private static List<CrawledPage> Contiguous(ConcurrentDictionary<int, CrawledPage> pages)
    {
        var list = new List<CrawledPage>(pages.Count);
        for (var number = 1; pages.TryGetValue(number, out var page); number++)
        {
            list.Add(page);
        }

        return list;
    }

    [LoggerMessage(200, LogLevel.Information,
        "{Feed} of {ScopeKind} {ScopeId}, window {Window}: sweep {Sweep} read {Records} records where Cube counts {Count}; sweeping again")]
    private static partial void LogDisagrees(ILogger logger, string feed, string scopeKind, string scopeId, string window, int sweep, long records, long count);

    /// <summary>A window on its way into storage.</summary>
    /// <param name="Feed">The feed.</param>
    /// <param name="Scope">The scope.</param>
    /// <param name="Folder">Where its pages and manifest go.</param>
    /// <param name="Reading">Its last proven reading, young enough to stand for it; or null.</param>
    /// <param name="Known">That reading's manifest.</param>
    /// <param name="Mine">Pages that this claim stored, by name; null when another claim may have left some that only a listing tells.</param>
    /// <param name="Observers">Who observes it.</param>
    private sealed record Place(Feed Feed, Scope Scope, string Folder, Reading? Reading, WindowManifest? Known, ConcurrentBag<string>? Mine, WindowObservers Observers);

    private sealed record StoredPage(int Number, int Attempt);

    private sealed class StoredPages : List<StoredPage>
    {
        public bool HasManifest { get; set; }

        public List<StoredPage> Pages => this;
    }
}
