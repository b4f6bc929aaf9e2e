using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Changes;

/// <summary>Change detection over the windows of one claimed item. Each step of a comparison takes what the one before it gives.</summary>
internal sealed class ChangeDetection(
    ObservedItem item,
    ScopeKnowledge knowledge,
    EarlierRecords earlier,
    AbsenceReview absences,
    ChangeFile file,
    ItemTombstones tombstones,
    ChangePublisher publisher
) : IItemObservation
{
    private readonly List<(Window Window, bool IsSettled)> _compared = [];

    /// <inheritdoc />
    public Task PrepareAsync(CancellationToken cancellationToken) => tombstones.LoadAsync(cancellationToken);

    /// <inheritdoc />
    public IWindowObservation BeginWindow(Window window) => new WindowCapture(this, item, window, knowledge, earlier);

    /// <summary>Compares a window that is stored, and writes its change file.</summary>
    public async Task CompareAsync(StoredWindow stored, WindowCapture capture, CancellationToken cancellationToken)
    {
        if (stored.Manifest.Counts && !(stored.Result.Unchanged && item.IsCompared(stored.Result.Window)))
        {
            await publisher.InTurnAsync(() => CompareWindowAsync(stored, capture, cancellationToken), cancellationToken);
        }
    }

    /// <inheritdoc />
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        await knowledge.CommitAsync(cancellationToken);
        await file.CommitAsync(cancellationToken);
        if (item.Feed.Dated && knowledge.Read is { } known)
        {
            item.AbsentFrom = known.FindFirstAbsentDay();
        }

        foreach (var (window, isSettled) in _compared)
        {
            item.NoteCompared(window, isSettled);
        }

        _compared.Clear();
    }

    /// <inheritdoc />
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await absences.CompleteAsync(cancellationToken);
        await publisher.CompleteAsync(cancellationToken);
    }

    public void Dispose() => knowledge.Dispose();

    private async Task CompareWindowAsync(StoredWindow stored, WindowCapture capture, CancellationToken cancellationToken)
    {
        var state = await knowledge.GetAsync(cancellationToken);
        if (IsCompared(state, stored))
        {
            _compared.Add((stored.Result.Window, false));
            return;
        }

        LargeWindow.Collect(stored.Manifest.Records);
        var reading = await file.BeginAsync(state, stored, capture, cancellationToken);
        var outcome = await absences.ReviewAsync(reading.Comparison, stored.ReadAt, cancellationToken);
        await reading.AddUndoneAsync(outcome, cancellationToken);
        if (await reading.WriteAsync(outcome, cancellationToken) is { } published)
        {
            await publisher.PublishAsync(stored.Result.Window, published, cancellationToken);
        }

        knowledge.Learn(
            reading.Comparison,
            outcome,
            new StateSource(stored.Result.Manifest, stored.Result.From, stored.Result.To, stored.ReadAt, item.RunId, stored.StartedAt)
        );
        if (!outcome.HeldBack && !reading.Comparison.IsGap)
        {
            await tombstones.NoteAsync(stored.ReadAt, cancellationToken);
        }

        // Beside a gap nothing that was proven before is as it is known now.
        _compared.Add((stored.Result.Window, outcome.IsSettled && !reading.Comparison.IsGap));
    }

    /// <summary>A window is compared once a run; and one that was read before another that is compared already says nothing new.</summary>
    private bool IsCompared(ScopeState state, StoredWindow stored) =>
        state.Sources.Any(source =>
            (source.Run == item.RunId && source.From == stored.Result.From && source.To == stored.Result.To)
            || (source.At > stored.ReadAt && (source.From is null || (source.From <= stored.Result.To && source.To >= stored.Result.From)))
        );
}
