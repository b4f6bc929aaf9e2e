using System.Collections.Concurrent;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>
/// Finds out whether a customer exists whose POST was not answered: Cube has no way to ask for an imported id, so the list is read. One
/// reading serves all searches for a time before it.
/// </summary>
public sealed class CustomerSearch(CubeClient cube, TenantGeneration generation, TimeProvider time)
{
    private const int MaxPages = 20_000;
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
            ? new IndexAnswer(true, found.Matches, found.InternalId)
            : new IndexAnswer(true, 0, 0);
    }

    private async Task<Listing> ReadAsync(string assignmentId, CancellationToken cancellationToken)
    {
        var feed = (await generation.GetAsync(cancellationToken)).Customers;
        var scope = new Scope(feed.Scope, assignmentId);
        var listing = new Listing([]);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        long records = 0;
        for (var query = ""; seen.Add(query) && seen.Count <= MaxPages;)
        {
            using var page = await cube.GetPageAsync(feed, scope, query, cancellationToken);
            foreach (var customer in page.Summary.Customers)
            {
                var matches =
                    listing.Ids.TryGetValue(customer.ImportedHash, out var earlier) && earlier.InternalId != customer.InternalId
                        ? earlier.Matches + 1
                        : 1;
                listing.Ids[customer.ImportedHash] = (matches, customer.InternalId);
            }

            records += page.Summary.Records;
            if (page.Summary.Next is not { } next)
            {
                // Rows that shift between pages can hide the very one that is looked for.
                return records == page.Summary.Count
                    ? listing
                    : throw new CubeException(CubeFailureKind.Transient, "the list of customers changed while it was read");
            }

            query = NextLink.QueryOf(next, "");
        }

        throw new CubeException(CubeFailureKind.EndlessPaging, "the list of customers does not end");
    }

    private sealed record Listing(Dictionary<ulong, (int Matches, long InternalId)> Ids);
}
