using Azure.Storage.Queues;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>Wakes workers.</summary>
public sealed class SyncNotifier(StorageClients storage)
{
    private readonly QueueClient _queue = storage.Queue(StorageNames.SyncQueue);

    /// <summary>Raised after a message was sent from this process, with its delay: a local worker need not poll to see it.</summary>
    public event Action<TimeSpan>? Sent;

    internal async Task WakeAsync(ItemRow item, TimeSpan delay, CancellationToken cancellationToken)
    {
        // Never expires: a queue's default of seven days would lose what waits longer.
        var forever = TimeSpan.FromSeconds(-1);
        await _queue.SendMessageAsync(SyncMessage.For(item).ToJson(), delay, forever, cancellationToken);
        Sent?.Invoke(delay);
    }
}
