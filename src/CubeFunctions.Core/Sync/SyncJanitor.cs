using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Sync;

/// <summary>
/// Recovers work that crashed workers left: finishes plans, notifies a worker of items whose worker died, closes runs whose last item ended
/// unseen.
/// </summary>
public sealed class SyncJanitor(
    RunStore runs,
    CheckpointStore checkpoints,
    RunPlanner planner,
    RunCloser closer,
    QueueNotifier<SyncMessage> notifier,
    PlanSettings settings,
    ILogger<SyncJanitor> logger
) : IJanitorTask
{
    /// <summary>A message that comes while the lease still holds would only be sent again.</summary>
    private static readonly TimeSpan AfterLease = TimeSpan.FromSeconds(1);

    /// <inheritdoc />
    public string Name => "sync";

    /// <inheritdoc />
    public TimeSpan Interval => TimeSpan.Zero;

    /// <inheritdoc />
    public Task RunAsync(JanitorRound round, CancellationToken cancellationToken) => RecoverAsync(round, cancellationToken);

    /// <summary>Recovers at once what is open, however lately it was notified.</summary>
    /// <returns>Ids of the runs that are open.</returns>
    public async Task<IReadOnlyList<string>> RecoverAllAsync(CancellationToken cancellationToken) =>
        [.. (await RecoverAsync(new JanitorRound(Name, force: true, logger), cancellationToken)).Select(run => run.RowKey)];

    private async Task<IReadOnlyList<RunRow>> RecoverAsync(JanitorRound round, CancellationToken cancellationToken)
    {
        var open = await runs.OpenRunsAsync(cancellationToken);
        await round.EachAsync(
            open.Runs,
            (run, token) =>
                run.Status == RunStatus.Planning ? planner.ResumeAsync(run, open, round.Force, token) : RecoverAsync(run, round, token),
            cancellationToken
        );
        return open.Runs;
    }

    private async Task RecoverAsync(RunRow run, JanitorRound round, CancellationToken cancellationToken)
    {
        var items = await runs.OpenItemsAsync(run.RowKey, cancellationToken).ToListAsync(cancellationToken);
        if (items.Count == 0)
        {
            await closer.CloseIfDoneAsync(run.RowKey, cancellationToken);
            return;
        }

        // An item waits for its message until some time after that was due.
        var now = settings.Time.GetUtcNow();
        var late = items.Where(item => round.Force || now - item.WakeAt > settings.Sync.Lease * 2).ToList();
        if (late.Count == 0)
        {
            return;
        }

        // While the queue holds messages an item waits for its turn: only a worker that died will not take it.
        var isQueued = !round.Force && await notifier.HasVisibleAsync(cancellationToken);
        var rows = (await checkpoints.AllAsync(cancellationToken)).ToDictionary(row => (row.PartitionKey, row.RowKey));
        await round.EachAsync(
            late,
            (item, token) =>
                RecoverAsync(
                    item,
                    rows.GetValueOrDefault((CheckpointRow.PartitionOf(item.Scope), item.Feed)),
                    isQueued,
                    round.Force,
                    token
                ),
            cancellationToken
        );
    }

    private async Task RecoverAsync(ItemRow item, CheckpointRow? row, bool isQueued, bool force, CancellationToken cancellationToken)
    {
        var now = settings.Time.GetUtcNow();
        var isHeld = row?.IsHeld(now) == true;
        var isAbandoned = !isHeld && row?.LeaseHolder == item.Holder;
        if (isHeld && force)
        {
            // Asked for by a person: the holder is waited for no longer than its lease.
            await notifier.SendAsync(SyncMessage.For(item), row!.LeaseUntil!.Value - now + AfterLease, cancellationToken);
            return;
        }

        if (isHeld || (isQueued && !isAbandoned))
        {
            return;
        }

        item.WakeAt = now;
        if (await runs.TryUpdateAsync(item, cancellationToken))
        {
            await notifier.SendAsync(SyncMessage.For(item), TimeSpan.Zero, cancellationToken);
        }
    }
}
