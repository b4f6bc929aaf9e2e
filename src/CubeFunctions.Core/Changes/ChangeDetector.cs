using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Changes;

/// <summary>Tells what changed: compares proven windows with what is known, writes change files, then what is known now.</summary>
/// <remarks>
/// In this order, and before the checkpoint moves: the change file, once, under a name that follows from run and window; then the state, by ETag. Who dies between
/// the two compares again, with the same outcome and the same ids.
/// </remarks>
internal sealed class ChangeDetector(
    ChangeStore store, RawStore raw, DeletionCheck deletions, CustomerLookup customers, Echoes echoes, IEnumerable<IChangeFileObserver> publishing, ErasedPersons erased, ChangeSettings settings,
    SyncSettings sync, ILogger<ChangeDetector> logger) : IWindowObserver, IDisposable
{
    /// <summary>Days before the look-back that a dated feed's state keeps.</summary>
    internal const int Margin = 7;

    /// <summary>Windows compared at once: it is work for processors, and takes memory.</summary>
    private const int AtOnce = 2;

    private readonly SemaphoreSlim _comparing = new(AtOnce);

    /// <inheritdoc />
    public void Dispose() => _comparing.Dispose();

    /// <summary>Whether changes of a feed are told. Campaigns and custom fields have no change files.</summary>
    public static bool Covers(Feed feed) => feed is { Shape: FeedShape.Paged };

    /// <inheritdoc />
    public IItemObservation? Begin(ObservedItem item) =>
        Covers(item.Feed) ? new ChangeDetection(_comparing, item, store, raw, deletions, customers, echoes, publishing, erased, settings, sync, logger) : null;
}
