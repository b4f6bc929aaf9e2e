using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Changes;

/// <summary>Decides which change files go to the CRM, and sends them on their way.</summary>
public sealed class DeliveryPlanner(DeliveryStore store, ChangeWaker waker, ChangeSettings settings, TimeProvider time)
{
    /// <summary>Adds a delivery, unless there is no receiver or the file is not for it: a manual run's where nobody asked, or a first snapshot.</summary>
    /// <param name="item">The item that was compared.</param>
    /// <param name="window">Its window.</param>
    /// <param name="file">The file.</param>
    /// <param name="isFirst">Whether it tells a first snapshot.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal async Task AddAsync(ItemRow item, Window window, ToldFile file, bool isFirst, CancellationToken cancellationToken)
    {
        if (settings.Crm is not { } crm || (item.RunKind == RunKind.Manual && !item.Deliver) || (isFirst && !crm.Baseline))
        {
            return;
        }

        var row = new DeliveryRow
        {
            PartitionKey = DeliveryRow.StreamOf(item.FeedOf, item.Scope),
            RowKey = DeliveryRow.FileKey(file.Attempt, window.Name, item.PartitionKey),
            Path = file.Path,
            Changes = file.Changes,
            CreatedAt = time.GetUtcNow(),
        };
        await store.AddAsync(row, cancellationToken);
        await waker.WakeAsync(row.PartitionKey, TimeSpan.Zero, cancellationToken);
    }
}
