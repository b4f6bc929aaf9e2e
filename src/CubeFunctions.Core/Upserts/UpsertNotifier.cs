using Azure.Storage.Queues;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>Wakes deliveries.</summary>
public sealed class UpsertNotifier(StorageClients storage)
{
    private readonly QueueClient _queue = storage.Queue(StorageNames.UpsertsQueue);

    /// <summary>Raised after a message was sent from this process, with its delay: a local worker need not poll to see it.</summary>
    public event Action<TimeSpan>? Sent;

    /// <summary>Whether messages are there to be taken: whoever they are for need not be woken.</summary>
    public async Task<bool> IsBusyAsync(CancellationToken cancellationToken) => (await _queue.PeekMessageAsync(cancellationToken)).Value is not null;

    /// <param name="customer">Who has mail.</param>
    /// <param name="eventKey">The event, when the message is for one; null to have all looked at.</param>
    /// <param name="delay">How long the message stays hidden.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    internal async Task WakeAsync(string customer, string? eventKey, TimeSpan delay, CancellationToken cancellationToken)
    {
        delay = await _queue.WakeAsync(UpsertMessage.For(customer, eventKey), delay, cancellationToken);
        Sent?.Invoke(delay);
    }
}
