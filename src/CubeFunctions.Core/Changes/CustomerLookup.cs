using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Changes;

/// <summary>Gives change lines what belongs beside their records: the customer's imported id, the customer's record, labels.</summary>
public sealed class CustomerLookup(
    CheckpointStore checkpoints,
    ChangeStore store,
    RawStore raw,
    RecordLookup lookup,
    CustomerReader customers,
    ChangeSettings settings,
    TenantGeneration generation
)
{
    /// <summary>The lookups of one feed in one assignment or CRM.</summary>
    /// <param name="feed">The feed.</param>
    /// <param name="assignmentId">The assignment or CRM; null where it is not known.</param>
    internal ChangeContext Create(Feed feed, string? assignmentId) => new(this, customers, settings, feed, assignmentId);

    /// <summary>
    /// Where the customers are whom a feed's records name. A feed of both generations is that of the tenant's; the id of a CRM has a dash.
    /// </summary>
    internal async ValueTask<CustomerPlace> PlaceOfAsync(Feed feed, string assignmentId, CancellationToken cancellationToken)
    {
        var catalogue =
            FeedCatalogue.Generations.Where(catalogue => catalogue.Feeds.Contains(feed)).ToList() is [var only] ? only
            : assignmentId.Contains('-', StringComparison.Ordinal) ? await generation.GetAsync(cancellationToken)
            : FeedCatalogue.Assignments;
        return new CustomerPlace(catalogue, new Scope(catalogue.CustomersScope, assignmentId));
    }

    /// <summary>What is known of the customers of an assignment or CRM.</summary>
    internal Task<ScopeState> CustomersAsync(CustomerPlace place, CancellationToken cancellationToken) =>
        store.ReadStateAsync(place.Catalogue.Customers, place.Scope, cancellationToken);

    /// <summary>Known records of customers; they have the same key in both generations.</summary>
    internal EarlierRecords Records() => lookup.EarlierOf(lookup.RecordsOf(FeedCatalogue.Customers));

    /// <summary>The page of the newest proven list of custom fields, or null.</summary>
    internal async Task<PooledBody?> FindCustomFieldsAsync(CustomerPlace place, CancellationToken cancellationToken)
    {
        var reading = await checkpoints.FindLastReadingAsync(place.Catalogue.CustomFields, place.Scope, cancellationToken);
        if (reading is null || await raw.FindManifestAsync(reading.Manifest, cancellationToken) is not { Pages: [var page, ..] })
        {
            return null;
        }

        return await raw.FindBytesAsync(reading.Manifest[..^BlobPaths.ManifestName.Length] + page.Name, cancellationToken);
    }
}

/// <summary>Where customers are.</summary>
/// <param name="Catalogue">The generation.</param>
/// <param name="Scope">The assignment or CRM.</param>
internal sealed record CustomerPlace(ApiCatalogue Catalogue, Scope Scope);
