using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>Notifies workers of items that wait for the end of a pause which a person has lifted.</summary>
internal sealed class PausedItems(RunStore runs, TenantPause pause, QueueNotifier<SyncMessage> notifier, TimeProvider time) : IJanitorTask
{
    public string Name => "paused items";

    public TimeSpan Interval => TimeSpan.Zero;

    public async Task RunAsync(JanitorRound round, CancellationToken cancellationToken)
    {
        if (await pause.Flag.GetAsync(cancellationToken) is not null)
        {
            return;
        }

        foreach (var run in (await runs.OpenRunsAsync(cancellationToken)).Runs.Where(run => run.Status == RunStatus.Running))
        {
            var now = time.GetUtcNow();
            var waiting = runs.OpenItemsAsync(run.RowKey, cancellationToken)
                .Where(item => item.ReasonKind == ItemWriter.Paused && item.WakeAt > now);
            await round.EachAsync(waiting, NotifyAsync, cancellationToken);
        }
    }

    private async Task NotifyAsync(ItemRow item, CancellationToken cancellationToken)
    {
        item.WakeAt = time.GetUtcNow();
        if (await runs.TryUpdateAsync(item, cancellationToken))
        {
            await notifier.SendAsync(SyncMessage.For(item), TimeSpan.Zero, cancellationToken);
        }
    }
}
