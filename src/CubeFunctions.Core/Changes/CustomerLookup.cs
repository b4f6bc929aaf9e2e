using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Changes;

/// <summary>Gives change lines what belongs beside their records: the customer's imported id, the customer's record, labels.</summary>
public sealed class CustomerLookup(CheckpointStore checkpoints, ChangeStore store, RawStore raw, RecordLookup lookup, CustomerReader customers, ChangeSettings settings)
{
    /// <summary>The lookups of one feed in one assignment.</summary>
    /// <param name="feed">The feed.</param>
    /// <param name="assignmentId">The assignment; null where it is not known.</param>
    internal ChangeContext Create(Feed feed, string? assignmentId) =>
        new(this, customers, settings, feed, assignmentId is null ? null : new Scope(ScopeKind.Assignment, assignmentId));

    /// <summary>What is known of the customers of an assignment.</summary>
    internal Task<ScopeState> CustomersAsync(Scope assignment, CancellationToken cancellationToken) =>
        store.ReadStateAsync(FeedCatalogue.Customers, assignment, cancellationToken);

    /// <summary>Known records of customers.</summary>
    internal EarlierRecords Records() => lookup.EarlierOf(lookup.RecordsOf(FeedCatalogue.Customers));

    /// <summary>The page of the newest proven list of custom fields, or null.</summary>
    internal async Task<PooledBody?> FindCustomFieldsAsync(Scope assignment, CancellationToken cancellationToken)
    {
        var reading = await checkpoints.FindLastReadingAsync(FeedCatalogue.CustomFields, assignment, cancellationToken);
        if (reading is null || await raw.FindManifestAsync(reading.Manifest, cancellationToken) is not { Pages: [var page, ..] })
        {
            return null;
        }

        return await raw.FindBytesAsync(reading.Manifest[..^BlobPaths.ManifestName.Length] + page.Name, cancellationToken);
    }
}
