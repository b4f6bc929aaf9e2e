using System.Diagnostics;
using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Delivery;

/// <summary>Decides which change files go to the CRM, and sends them on their way.</summary>
/// <remarks>
/// What is known and what is delivered have their own marks: the changes of a manual run that delivers nothing are deferred, and go first
/// when a later run of the scope
/// and feed does, with changes of its own or without. First readings go only where the settings say so.
/// </remarks>
internal sealed class DeliveryPlanner(
    DeliveryStore store,
    QueueNotifier<ChangeMessage> notifier,
    DeliverySettings settings,
    TimeProvider time
) : IChangeFileObserver
{
    /// <inheritdoc />
    public async Task PublishedAsync(ObservedItem item, Window window, PublishedChangeFile file, CancellationToken cancellationToken)
    {
        var changes = file.Changes + (settings.Crm?.Baseline == true ? file.BaselineRecords : 0);
        if (settings.Crm is null || changes == 0)
        {
            return;
        }

        var row = new DeliveryRow
        {
            PartitionKey = ChangeStream.NameOf(item.Feed, item.Scope),
            RowKey = DeliveryRow.FileKey(file.Attempt, window.Name, item.RunId),
            State = Delivers(item) ? DeliveryState.Waiting : DeliveryState.Deferred,
            Path = file.Path,
            Changes = changes,
            CreatedAt = time.GetUtcNow(),
            Causes = DeliveryCauses.Write(Activity.Current?.Id, file.Causes),
        };
        if (Delivers(item))
        {
            await ReleaseDeferredAsync(item, cancellationToken);
        }

        await store.AddAsync(row, cancellationToken);
        item.HasDeferredChanges |= !Delivers(item);
        if (Delivers(item))
        {
            await notifier.SendAsync(ChangeMessage.Create(row.PartitionKey), TimeSpan.Zero, cancellationToken);
        }
    }

    /// <inheritdoc />
    public async Task CompletedAsync(ObservedItem item, CancellationToken cancellationToken)
    {
        if (settings.Crm is null)
        {
            return;
        }

        if (!Delivers(item))
        {
            // A worker that died before the note was saved is followed by one that has nothing to publish.
            item.HasDeferredChanges |= (await store.DeferredAsync(ChangeStream.NameOf(item.Feed, item.Scope), cancellationToken)).Count > 0;
        }
        else if (await ReleaseDeferredAsync(item, cancellationToken))
        {
            await notifier.SendAsync(ChangeMessage.Create(ChangeStream.NameOf(item.Feed, item.Scope)), TimeSpan.Zero, cancellationToken);
        }
    }

    private static bool Delivers(ObservedItem item) => !item.IsManual || item.Deliver;

    /// <returns>Whether anything was deferred.</returns>
    private async Task<bool> ReleaseDeferredAsync(ObservedItem item, CancellationToken cancellationToken)
    {
        if (!item.HasDeferredChanges)
        {
            return false;
        }

        foreach (var row in await store.DeferredAsync(ChangeStream.NameOf(item.Feed, item.Scope), cancellationToken))
        {
            // An erasure may move it on at the same time: then it is read again.
            for (
                var current = row;
                current is { State: DeliveryState.Deferred };
                current = await store.FindAsync(row.PartitionKey, row.RowKey, cancellationToken)
            )
            {
                current.State = DeliveryState.Waiting;
                if (await store.Table.SaveAsync(current, cancellationToken) == StorageOutcome.Saved)
                {
                    break;
                }
            }
        }

        item.HasDeferredChanges = false;
        return true;
    }

    /// <inheritdoc />
    public Task RemovingAsync(LinesToRemove lines, CancellationToken cancellationToken) =>
        store.MoveOnAsync(ChangeStream.NameOf(lines.Feed, lines.Scope), lines.Path, lines.Left, lines.Following, cancellationToken);
}
