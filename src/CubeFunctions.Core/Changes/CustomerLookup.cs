using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;





namespace CubeFunctions.Core.Changes;

/// <summary>Gives change lines what belongs beside their records: customers and labels, from the newest proven snapshots of the assignment.</summary>
public sealed class CustomerLookup(CheckpointStore checkpoints, ChangeStore store, RawStore raw, ChangeSettings settings)
{
    /// <summary>The lookups of one item.</summary>
    internal ChangeContext For(ObservedItem item) =>
        new(this, settings, item.Feed, item.ListedAssignment is { } assignment ? new Scope(ScopeKind.Assignment, assignment) : null);

    /// <summary>What is known of the customers of an assignment.</summary>
    internal Task<ScopeState> CustomersAsync(Scope assignment, CancellationToken cancellationToken) =>
        store.ReadStateAsync(FeedCatalogue.Customers, assignment, cancellationToken);

    /// <summary>Known records of customers.</summary>
    internal EarlierRecords Records() =>
        new(raw, new RecordScanner(FeedCatalogue.Customers, new ContentRules(FeedCatalogue.Customers, settings)));

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
