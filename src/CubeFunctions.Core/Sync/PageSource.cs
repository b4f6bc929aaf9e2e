using System.Collections.Concurrent;
using System.Diagnostics;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Sync;

/// <summary>Where the pages of one crawl of a window go.</summary>
/// <param name="Feed">The feed.</param>
/// <param name="Scope">The scope.</param>
/// <param name="Attempt">The attempt under which pages are stored.</param>
/// <param name="Archive">Where they are stored.</param>
/// <param name="Earlier">The last proven reading, whose pages are not stored twice; or null.</param>
/// <param name="Before">Pages of the crawl before, by number: one that comes again byte for byte is not stored twice.</param>
/// <param name="Since">When the work on the item began: earlier items' pages come first.</param>
/// <param name="Observers">Who observes them.</param>
internal sealed record PageTarget(
    Feed Feed,
    Scope Scope,
    int Attempt,
    WindowArchive Archive,
    EarlierReading? Earlier,
    IReadOnlyDictionary<int, CrawledPage> Before,
    DateTimeOffset Since,
    WindowObservers Observers
);

/// <summary>Gets pages from Cube or from storage, offers them to the observers, and stores those that are new.</summary>
public sealed class PageSource(CubeClient cube, CubeSettings settings, RecordReaders readers, PageSlots slots, SyncProgress progress)
{
    /// <summary>Gets one page from Cube, and stores it unless it is there already.</summary>
    internal async Task<CrawledPage> FetchAsync(PageTarget target, int number, string query, CancellationToken cancellationToken)
    {
        using var slot = await slots.EnterAsync(target.Since, cancellationToken);
        var tag = new KeyValuePair<string, object?>("feed", target.Feed.Setting);
        var began = Stopwatch.GetTimestamp();
        using var page = await GetAsync(target.Feed, target.Scope, query, number, target.Earlier?.Find(number), cancellationToken);
        CubeMetrics.PageDuration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, tag);
        var crawled = CrawledPage.Of(number, target.Attempt, page);
        var same = target.Earlier?.Holds(number, crawled.Sha256) == true;
        await target.Observers.PageAsync(ObservedPage.Of(crawled, page, same), cancellationToken);
        if (same)
        {
            crawled = crawled with { StoredBy = null };
        }
        else if (
            target.Before.TryGetValue(number, out var before)
            && before is { StoredBy: { } attempt }
            && before.Sha256 == crawled.Sha256
        )
        {
            crawled = crawled with { StoredBy = attempt };
        }
        else
        {
            await target.Archive.WriteAsync(target.Attempt, number, page.Body, cancellationToken);
        }

        progress.PageRead(crawled.Summary.Records, crawled.Bytes);
        CubeMetrics.Pages.Add(1, tag);
        CubeMetrics.Records.Add(crawled.Summary.Records, tag);
        CubeMetrics.Bytes.Add(crawled.Bytes, tag);
        return crawled;
    }

    /// <summary>
    /// Makes pages known that earlier claims of the crawl read. One that is gone, or no longer what was stored, is read from Cube again.
    /// </summary>
    /// <param name="target">The crawl.</param>
    /// <param name="stored">Pages that they stored. Where two claims stored the same page, the later one counts.</param>
    /// <param name="matched">Numbers of pages that equalled the last proven reading.</param>
    /// <param name="pages">Takes them.</param>
    /// <param name="shouldStop">Asked before each page; null where they are all needed before anything else.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal async Task<CrawlEnd> ReadBackAsync(
        PageTarget target,
        IEnumerable<StoredPage> stored,
        IEnumerable<int> matched,
        ConcurrentDictionary<int, CrawledPage> pages,
        Func<bool>? shouldStop,
        CancellationToken cancellationToken
    )
    {
        var known = stored
            .GroupBy(page => page.Number)
            .ToDictionary(
                group => group.Key,
                group => (Path: target.Archive.PathOf(group.MaxBy(page => page.Attempt)!), StoredBy: (int?)group.Max(page => page.Attempt))
            );
        if (target.Earlier is { } earlier)
        {
            foreach (var number in matched.Where(number => number <= earlier.Manifest.Pages.Count))
            {
                known.TryAdd(number, (earlier.PathOf(number), null));
            }
        }

        var suspended = false;
        var options = new ParallelOptions { MaxDegreeOfParallelism = PageSlots.MostOf(settings), CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            known.TakeWhile(_ => !(suspended = shouldStop?.Invoke() == true)),
            options,
            async (entry, token) =>
            {
                var (number, (path, storedBy)) = entry;
                using var slot = await slots.EnterAsync(target.Since, token);
                using var page = await FindStoredAsync(target, path, token);
                if (
                    page is not null
                    && CrawledPage.Of(number, storedBy, page) is var crawled
                    && (!crawled.IsUnchanged || target.Earlier!.Holds(number, crawled.Sha256))
                )
                {
                    pages[number] = crawled;
                    await target.Observers.PageAsync(ObservedPage.Of(crawled, page, crawled.IsUnchanged), token);
                }
            }
        );
        return suspended ? CrawlEnd.Suspended : CrawlEnd.Complete;
    }

    private async Task<Page?> FindStoredAsync(PageTarget target, string path, CancellationToken cancellationToken)
    {
        try
        {
            return await target.Archive.FindAsync(path, cancellationToken) is { } body ? readers.Parse(target.Feed, body) : null;
        }
        catch (CubeException)
        {
            // Written over from outside.
            return null;
        }
    }

    /// <summary>
    /// Completes pages that were not parsed, since they are those of the last proven reading: by what the observers know of them, else by
    /// the stored page.
    /// </summary>
    /// <returns>Whether that came to its end. A page that the earlier reading lacks is not among the pages any more.</returns>
    internal async Task<CrawlEnd> CompleteAsync(
        PageTarget target,
        ConcurrentDictionary<int, CrawledPage> pages,
        Func<bool> shouldStop,
        CancellationToken cancellationToken
    )
    {
        var unparsed = new UnparsedPages(
            target.Earlier!.Reading.Manifest,
            target.Earlier.Manifest,
            pages.Values.Where(static page => !page.HasKeys).Select(static page => page.Number)
        );
        if (unparsed.Numbers.Count == 0)
        {
            return CrawlEnd.Complete;
        }

        var wanted = await target.Observers.RecallAsync(unparsed, cancellationToken);
        foreach (var (number, keys) in unparsed.Keys)
        {
            var page = pages[number];
            pages[number] = page with { HasKeys = true, Summary = page.Summary with { KeyHashes = keys } };
        }

        foreach (var number in wanted)
        {
            pages.TryRemove(number, out _);
        }

        return await ReadBackAsync(target, [], wanted, pages, shouldStop, cancellationToken);
    }

    /// <summary>Takes pages back that are read again: that is no progress.</summary>
    internal void ReadAgain(IReadOnlyCollection<CrawledPage> pages) =>
        progress.Resweep(pages.Count, pages.Sum(static page => (long)page.Summary.Records), pages.Sum(static page => page.Bytes));

    /// <summary>What Cube counts in a window now, asked for at the end of an item: before any other page.</summary>
    internal async Task<long> CountAsync(Feed feed, Scope scope, Window window, CancellationToken cancellationToken)
    {
        using var slot = await slots.EnterAsync(DateTimeOffset.MinValue, cancellationToken);
        using var page = await GetAsync(feed, scope, window.Query, 1, known: null, cancellationToken);
        return page.Summary.Count;
    }

    private async Task<Page> GetAsync(
        Feed feed,
        Scope scope,
        string query,
        int number,
        KnownPage? known,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await cube.GetPageAsync(feed, scope, query, known, cancellationToken);
        }
        catch (CubeException exception) when (exception.Kind == CubeFailureKind.NotJson && number > 1)
        {
            // In the middle of a crawl an HTML page is a proxy's hiccup; from the first request on it is the tenant's answer.
            throw new CubeException(CubeFailureKind.Transient, exception.Message, exception);
        }
        catch (CubeException exception) when (exception.Kind == CubeFailureKind.MalformedPage)
        {
            throw new CubeException(CubeFailureKind.MalformedPage, $"page {number}: {exception.Message}", exception);
        }
    }
}
