using System.Collections.Concurrent;
using CubeFunctions.Core.Cube;

namespace CubeFunctions.Core.Sync;

/// <summary>
/// Reads a window from its first page to its last. Pages that are known already (from an earlier claim) are not read again; after the first
/// page the rest are read side by side where the cursor is a page number, else one after the other.
/// </summary>
/// <param name="fetch">Gets and keeps one page: number and query.</param>
/// <param name="firstQuery">Query of the first page.</param>
/// <param name="pages">Pages known already, by number; the crawl adds to them.</param>
/// <param name="parallel">The most pages under way at once.</param>
/// <param name="shouldStop">Asked before each page; the crawl always reads at least one.</param>
internal sealed class PageCrawl(
    Func<int, string, CancellationToken, Task<CrawledPage>> fetch,
    string firstQuery,
    ConcurrentDictionary<int, CrawledPage> pages,
    int parallel,
    Func<bool> shouldStop
)
{
    /// <summary>Pages beyond what <c>count</c> allows: rows can be added while we read.</summary>
    private const int Slack = 5;

    /// <summary>
    /// Empty pages, beyond which none is asked for: <c>count</c> is a number from outside, and a tenant may answer any page there could be.
    /// </summary>
    private const int MostEmpty = 20;

    private int _read;
    private int _empty;

    /// <summary>True when a page that should have been there was gone: rows left while we read.</summary>
    public bool Shrunk { get; private set; }

    /// <summary>
    /// True when a page in the middle has another size than the first: pages on both sides of it may repeat or lack rows.
    /// </summary>
    public bool Resized { get; private set; }

    /// <summary>
    /// True when pages are asked for by number, since the <c>next</c> of one names that page itself although <c>count</c> says that there
    /// is more.
    /// </summary>
    public bool ByNumber { get; private set; }

    private bool Stop => _read > 0 && shouldStop();

    /// <summary>Reads what misses.</summary>
    /// <exception cref="CubeException">A page could not be read, or paging does not end.</exception>
    public async Task<CrawlEnd> RunAsync(CancellationToken cancellationToken)
    {
        if (!pages.TryGetValue(1, out var first))
        {
            first = await ReadAsync(1, firstQuery, cancellationToken);
        }

        if (first.Summary.Next is not { } next)
        {
            return CrawlEnd.Complete;
        }

        var query = NextLink.QueryOf(next, firstQuery);
        if (NamesItself(1, query))
        {
            // It names its own page (in the vendor's samples): a client that follows it never ends, and one that stops loses the rest.
            if (first.Summary.Records >= first.Summary.Count || first.Summary.Records == 0)
            {
                return CrawlEnd.Complete;
            }

            (ByNumber, query) = (true, NextLink.AddPage(firstQuery, 2));
        }

        var isNumbered = NextLink.PageOf(query) == 2 && first.Summary.Records > 0;
        if (isNumbered && await ReadSideBySideAsync(first, query, cancellationToken) == CrawlEnd.Suspended)
        {
            return CrawlEnd.Suspended;
        }

        return ByNumber || Shrunk || Resized ? CrawlEnd.Complete : await FollowAsync(isNumbered, cancellationToken);
    }

    private async Task<CrawlEnd> ReadSideBySideAsync(CrawledPage first, string query, CancellationToken cancellationToken)
    {
        var expected = PagesFor(first.Summary.Count, first.Summary.Records);
        var missing = Enumerable.Range(2, (int)Math.Clamp(expected, 1, int.MaxValue - 1) - 1).Where(number => !pages.ContainsKey(number));
        var suspended = false;
        var options = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            missing.TakeWhile(_ => !(Shrunk |= Volatile.Read(ref _empty) > MostEmpty) && !(suspended = Stop)),
            options,
            async (number, token) =>
            {
                try
                {
                    var page = await ReadAsync(number, NextLink.WithPage(query, number), token);
                    if (page.Summary.Records is var records and > 0)
                    {
                        Resized |= number < expected && records != first.Summary.Records;
                    }

                    // Pages behind an empty one can still be had.
                    if (page.Summary.Next is { } next && !ByNumber)
                    {
                        var following = NextLink.QueryOf(next, firstQuery);
                        ByNumber = NamesItself(number, following);
                        if (!ByNumber)
                        {
                            CheckForward(number, following);
                        }
                    }
                }
                catch (CubeException exception) when (exception.Kind == CubeFailureKind.NotFound)
                {
                    Shrunk = true;
                }
            }
        );
        return suspended ? CrawlEnd.Suspended : CrawlEnd.Complete;
    }

    /// <summary>Follows <c>next</c> from the last page that joins up with the first.</summary>
    private async Task<CrawlEnd> FollowAsync(bool isNumbered, CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { firstQuery };
        var (size, count) = (1, 0L);
        foreach (var known in pages.Values)
        {
            Measure(known);
        }

        void Measure(CrawledPage page) => (size, count) = (Math.Max(size, page.Summary.Records), Math.Max(count, page.Summary.Count));
        for (var number = 1; ; number++)
        {
            var page = pages[number];
            if (page.Summary.Next is not { } next)
            {
                if (pages.ContainsKey(number + 1))
                {
                    // An empty page in the middle names no next; those behind it were asked for by number.
                    continue;
                }

                return CrawlEnd.Complete;
            }

            var query = NextLink.QueryOf(next, firstQuery);
            if (isNumbered && NamesItself(number, query))
            {
                // All pages that count allows were asked for by number.
                ByNumber = true;
                return CrawlEnd.Complete;
            }

            if (!seen.Add(query))
            {
                throw Endless($"page {number} names a page that was read before as the next");
            }

            if (pages.ContainsKey(number + 1))
            {
                continue;
            }

            if (number + 1 > PagesFor(count, size) + Slack)
            {
                throw Endless($"after {number} pages there are more than 'count' allows");
            }

            if (_empty > MostEmpty)
            {
                throw Endless($"of {number} pages more than {MostEmpty} are empty");
            }

            if (Stop)
            {
                return CrawlEnd.Suspended;
            }

            try
            {
                Measure(await ReadAsync(number + 1, query, cancellationToken));
            }
            catch (CubeException exception) when (exception.Kind == CubeFailureKind.NotFound)
            {
                Shrunk = true;
                return CrawlEnd.Complete;
            }
        }
    }

    private async Task<CrawledPage> ReadAsync(int number, string query, CancellationToken cancellationToken)
    {
        var page = await fetch(number, query, cancellationToken);
        pages[number] = page;
        Interlocked.Increment(ref _read);
        if (page.Summary.Records == 0)
        {
            Interlocked.Increment(ref _empty);
        }

        return page;
    }

    /// <summary>Whether the query behind a page's <c>next</c> is that of the page itself, with its number or without any.</summary>
    private bool NamesItself(int number, string query) => query == firstQuery || NextLink.PageOf(query) == number;

    private static void CheckForward(int number, string query)
    {
        var following = NextLink.PageOf(query);
        if (following <= number)
        {
            throw Endless($"page {number} names page {following} as the next");
        }
    }

    private static long PagesFor(long records, int pageSize) => (records / pageSize) + (records % pageSize == 0 ? 0 : 1);

    private static CubeException Endless(string how) => new(CubeFailureKind.EndlessPaging, $"paging does not end: {how}");
}
