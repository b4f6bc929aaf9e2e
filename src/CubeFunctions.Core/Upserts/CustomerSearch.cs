using System.Collections.Concurrent;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Upserts;

/// <summary>
/// Finds out whether a customer exists whose POST was not answered: Cube has no way to ask for an imported id, so the list is read, and
/// proven as a snapshot is. One reading serves all searches for a time before it.
/// </summary>
public sealed class CustomerSearch(CubeClient cube, CustomerIndex index, TenantGeneration generation, TimeProvider time)
{
    /// <summary>Pages under way at once, and crawls before the list counts as one that cannot be proven now.</summary>
    private const int Parallel = 4;
    private const int MaxCrawls = 3;
    private static readonly TimeSpan FreshFor = TimeSpan.FromHours(1);
    private readonly ConcurrentDictionary<string, CachedValue<Listing>> _listings = new(StringComparer.Ordinal);

    /// <summary>Looks the imported id up in a list that was read after <paramref name="after"/>.</summary>
    /// <exception cref="CubeException">The list cannot be read.</exception>
    internal async Task<IndexAnswer> FindAsync(
        string assignmentId,
        string customerId,
        DateTimeOffset after,
        CancellationToken cancellationToken
    )
    {
        var list = _listings.GetOrAdd(assignmentId, id => new((_, token) => ReadAsync(id, token), FreshFor, time));
        var listing = (await list.GetAsync(after, cancellationToken)).Value;
        return listing.Ids.TryGetValue(CustomerIds.HashOf(customerId), out var found)
            ? new IndexAnswer(true, found.Matches, found.InternalId, listing.IsShort)
            : new IndexAnswer(true, 0, 0, listing.IsShort);
    }

    private async Task<Listing> ReadAsync(string assignmentId, CancellationToken cancellationToken)
    {
        var feed = (await generation.GetAsync(cancellationToken)).Customers;
        CrawlAudit? before = null;
        for (var number = 1; ; number++)
        {
            var (customers, audit) = await CrawlAsync(feed, new Scope(feed.Scope, assignmentId), cancellationToken);
            if (audit.Prove(feed.Key, before?.Digest, twoWanted: false) != Proof.None)
            {
                return customers;
            }

            if (audit.IsOnlyShort && audit.Digest == before?.Digest && (await index.FindAsync(assignmentId, "", cancellationToken)).IsShort)
            {
                // As its snapshots, which are kept as a gap.
                return customers with { IsShort = true };
            }

            if (number == MaxCrawls)
            {
                // Rows that shift between pages, or are missing, can be the very one that is looked for.
                throw new CubeException(CubeFailureKind.Transient, $"the list of customers is not proven: {audit.Reason}");
            }

            before = audit;
        }
    }

    private async Task<(Listing Customers, CrawlAudit Audit)> CrawlAsync(Feed feed, Scope scope, CancellationToken cancellationToken)
    {
        var pages = new ConcurrentDictionary<int, CrawledPage>();
        var crawl = new PageCrawl(
            async (number, query, token) =>
            {
                using var page = await cube.GetPageAsync(feed, scope, query, token);
                return CrawledPage.Of(number, storedBy: 0, page);
            },
            "",
            pages,
            Parallel,
            static () => false
        );
        await crawl.RunAsync(cancellationToken);
        var crawled = WindowCrawler.Contiguous(pages);
        var listing = new Listing([]);
        foreach (var customer in crawled.SelectMany(static page => page.Summary.Customers))
        {
            var matches =
                listing.Ids.TryGetValue(customer.ImportedHash, out var earlier) && earlier.InternalId != customer.InternalId
                    ? earlier.Matches + 1
                    : 1;
            listing.Ids[customer.ImportedHash] = (matches, customer.InternalId);
        }

        return (listing, CrawlAudit.Of(crawled) with { IsBroken = crawl.Shrunk || crawl.Resized });
    }

    private sealed record Listing(Dictionary<ulong, (int Matches, long InternalId)> Ids)
    {
        /// <summary>Whether Cube counts more customers, as it does for snapshots that are kept as a gap.</summary>
        public bool IsShort { get; init; }
    }
}
