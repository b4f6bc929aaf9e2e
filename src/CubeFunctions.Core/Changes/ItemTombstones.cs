using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Changes;

/// <summary>Leaves the records of erased persons out of one item's comparison.</summary>
internal sealed class ItemTombstones(ObservedItem item, FeedRecords records, ErasedPersons erased, SyncSettings sync)
{
    /// <summary>Finds out whose records are left out.</summary>
    /// <remarks>
    /// Costs nothing where no person was ever erased: that is asked while nothing is proven yet, and from then on the row says it.
    /// </remarks>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        if (item.MayHaveErased)
        {
            records.Erased = await erased.ForAsync(item.Feed, item.Assignment, item.RunId, item.ErasedAt, cancellationToken);
            item.ErasedAt ??= records.Erased?.ReadAt;
        }
    }

    /// <summary>A list of customers was proven: tombstones of persons whom Cube no longer has go after a while.</summary>
    public async Task NoteAsync(DateTimeOffset readAt, CancellationToken cancellationToken)
    {
        if (item.Feed.ListsCustomers && records.Erased is { } filter)
        {
            await erased.SettleAsync(filter, readAt, sync.LongestLookbackDays + ScopeKnowledge.Margin, cancellationToken);
        }
    }
}
