using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Storage;
using Microsoft.Azure.Functions.Worker;

namespace CubeFunctions;

/// <summary>Triggers of the changes lane.</summary>
public sealed class ChangeFunctions(DeliveryWorker worker)
{
    /// <summary>Delivers changes to the CRM's receiver.</summary>
    [Function(nameof(DeliverChanges))]
    public Task DeliverChanges(
        [QueueTrigger(StorageNames.ChangesQueue, Connection = "CubeStorage")] string message,
        CancellationToken cancellationToken
    ) => worker.HandleAsync(message, cancellationToken);

    /// <summary>Ends the delivery whose message failed too often.</summary>
    [Function(nameof(DeliverChangesPoison))]
    public Task DeliverChangesPoison(
        [QueueTrigger(StorageNames.ChangesQueue + StorageNames.PoisonSuffix, Connection = "CubeStorage")] string message,
        CancellationToken cancellationToken
    ) => worker.HandlePoisonAsync(message, cancellationToken);
}
