using Azure.Storage.Queues;

namespace CubeFunctions.Core.Storage;

/// <summary>How messages that wake a delivery are sent: they never expire, and come rather late than early.</summary>
internal static class WakeMessages
{
    /// <summary>A queue hides a message for seven days at most.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(6);

    /// <summary>Sends a message that is seen after a delay.</summary>
    /// <returns>The delay in whole seconds, rounded up: a message that comes before its time is taken for a repeat.</returns>
    public static async Task<TimeSpan> WakeAsync(this QueueClient queue, string message, TimeSpan delay, CancellationToken cancellationToken)
    {
        delay = TimeSpan.FromSeconds(Math.Ceiling(Math.Clamp(delay.TotalSeconds, 0, LongestDelay.TotalSeconds)));
        await queue.SendMessageAsync(message, delay, TimeSpan.FromSeconds(-1), cancellationToken);
        return delay;
    }
}
