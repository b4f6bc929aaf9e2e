using Azure.Storage.Queues;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Delivery;

/// <summary>Wakes deliveries to the CRM.</summary>
public sealed class DeliveryNotifier(StorageClients storage)
{
    private readonly QueueClient _queue = storage.Queue(StorageNames.ChangesQueue);

    /// <summary>Raised after a message was sent from this process, with its delay: a local worker need not poll to see it.</summary>
    public event Action<TimeSpan>? Sent;

    internal async Task WakeAsync(string stream, TimeSpan delay, CancellationToken cancellationToken)
    {
        delay = await _queue.WakeAsync(ChangeMessage.For(stream), delay, cancellationToken);
        Sent?.Invoke(delay);
    }
}
