using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Changes;

/// <summary>Compares proven windows with what is known, writes change files, then what is known now.</summary>
/// <remarks>
/// In this order, and before the checkpoint moves: the change file, once, under a name that follows from run and window; then the state, by
/// ETag. A worker that
/// died between the two is followed by one that compares again, with the same outcome and the same ids.
/// </remarks>
internal sealed class ChangeDetector(
    ChangeStore store,
    RecordLookup lookup,
    ChangeFiles files,
    DeletionCheck deletions,
    IEnumerable<IChangeFileObserver> publishing,
    ErasedPersons erased,
    SyncSettings sync
) : IWindowObserver, IDisposable
{
    /// <summary>Windows compared at once: it is work for processors, and takes memory.</summary>
    private const int AtOnce = 2;

    private readonly SemaphoreSlim _comparing = new(AtOnce);

    /// <inheritdoc />
    public void Dispose() => _comparing.Dispose();

    /// <summary>Whether changes of a feed are published. Campaigns and custom fields have no change files.</summary>
    public static bool Covers(Feed feed) => feed is { Shape: FeedShape.Paged };

    /// <inheritdoc />
    public IItemObservation? Begin(ObservedItem item)
    {
        if (!Covers(item.Feed))
        {
            return null;
        }

        var records = lookup.RecordsOf(item.Feed);
        var earlier = lookup.EarlierOf(records);
        var knowledge = new ScopeKnowledge(store, item, sync);
        return new ChangeDetection(
            item,
            knowledge,
            earlier,
            new AbsenceReview(item, earlier, deletions),
            files.Create(item, records, earlier),
            new ItemTombstones(item, records, erased, sync),
            new ChangePublisher(item, publishing, _comparing)
        );
    }
}
