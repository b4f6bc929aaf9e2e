using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;





namespace CubeFunctions.Core.Delivery;

/// <summary>Decides which change files go to the CRM, and sends them on their way.</summary>
internal sealed class DeliveryPlanner(DeliveryStore store, DeliveryNotifier waker, DeliverySettings settings, TimeProvider time) : IChangeFileObserver
{
    /// <summary>Adds a delivery, unless there is no receiver or the file is not for it: a manual run's where nobody asked, or a first snapshot.</summary>
    /// <param name="item">The item that was compared.</param>
    /// <param name="window">Its window.</param>
    /// <param name="file">The file.</param>
    /// <param name="isBaseline">Whether it is the first reading of the scope and feed.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task PublishedAsync(ObservedItem item, Window window, PublishedChangeFile file, bool isBaseline, CancellationToken cancellationToken)
    {
        if (settings.Crm is not { } crm || (item.IsManual && !item.Deliver) || (isBaseline && !crm.Baseline))
        {
            return;
        }

        var row = new DeliveryRow
        {
            PartitionKey = ChangeStream.NameOf(item.Feed, item.Scope),
            RowKey = DeliveryRow.FileKey(file.Attempt, window.Name, item.RunId),
            Path = file.Path,
            Changes = file.Changes,
            CreatedAt = time.GetUtcNow(),
        };
        await store.AddAsync(row, cancellationToken);
        await waker.WakeAsync(row.PartitionKey, TimeSpan.Zero, cancellationToken);
    }

    /// <inheritdoc />
    public Task RemovingAsync(LinesToRemove lines, CancellationToken cancellationToken) =>
        store.MoveOnAsync(ChangeStream.NameOf(lines.Feed, lines.Scope), lines.Path, lines.Left, lines.Following, cancellationToken);
}
