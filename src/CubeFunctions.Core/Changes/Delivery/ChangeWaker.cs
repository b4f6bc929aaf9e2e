using Azure.Storage.Queues;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Changes;

/// <summary>Wakes deliveries to the CRM.</summary>
public sealed class ChangeWaker(StorageClients storage)
{
    /// <summary>A queue hides a message for seven days at most.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(6);

    private readonly QueueClient _queue = storage.Queue(StorageNames.ChangesQueue);

    /// <summary>Raised after a message was sent from this process, with its delay: a local worker need not poll to see it.</summary>
    public event Action<TimeSpan>? Sent;

    internal async Task WakeAsync(string stream, TimeSpan delay, CancellationToken cancellationToken)
    {
        // Whole seconds, and rather late than early: a message that comes before its time is taken for a repeat.
        delay = TimeSpan.FromSeconds(Math.Ceiling(Math.Clamp(delay.TotalSeconds, 0, LongestDelay.TotalSeconds)));
        await _queue.SendMessageAsync(ChangeMessage.For(stream), delay, TimeSpan.FromSeconds(-1), cancellationToken);
        Sent?.Invoke(delay);
    }
}
