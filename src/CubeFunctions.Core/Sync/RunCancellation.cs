using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Sync;

/// <summary>
/// Cancels runs. An item's row says that it has ended before its lease is taken away: its worker stops within seconds, or loses the lease
/// with its next save; no other claims it.
/// </summary>
internal sealed class RunCancellation(RunStore runs, CheckpointStore checkpoints, RunCloser closer, TimeProvider time)
{
    /// <summary>Ends all open items of a run and closes it. May be repeated, and ended anywhere.</summary>
    public async Task CancelAsync(string runId, CancellationToken cancellationToken)
    {
        await runs.NoteCancelledAsync(runId, time.GetUtcNow(), cancellationToken);
        await foreach (var item in runs.OpenItemsAsync(runId, cancellationToken))
        {
            await runs.TryChangeAsync(
                item,
                row => (row.State, row.Reason, row.CompletedAt) = (ItemState.Cancelled, "cancelled", time.GetUtcNow()),
                cancellationToken
            );
            await checkpoints.EndAsync(item, cancellationToken);
        }

        await closer.CloseIfDoneAsync(runId, cancellationToken);
    }
}
