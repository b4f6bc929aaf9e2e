using System.Diagnostics;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace CubeFunctions.Core.Storage;

/// <summary>
/// Sends the messages of one queue. They only notify a worker: the rows are the truth, and a message may come twice, or late.
/// </summary>
/// <remarks>One instance a process and queue: local pollers listen to <see cref="Sent"/>.</remarks>
public sealed class QueueNotifier<T>(StorageClients storage, TimeProvider time)
    where T : class, IQueueMessage<T>
{
    /// <summary>A queue hides a message for seven days at most. One that waits longer is taken too early and sent again.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(6);

    /// <summary>A queue's default of seven days would lose what waits longer.</summary>
    private static readonly TimeSpan NeverExpires = TimeSpan.FromSeconds(-1);

    private readonly QueueClient _queue = storage.Queue(T.Queue);

    /// <summary>Raised after a message was sent from this process, with its delay: a local poller need not look before that.</summary>
    public event Action<TimeSpan>? Sent;

    /// <summary>Sends a message. The queue is created where it is missing.</summary>
    /// <param name="message">The message.</param>
    /// <param name="delay">
    /// How long it stays hidden: from zero to six days, rounded up to whole seconds, since one that comes before its time is taken for a
    /// repeat.
    /// </param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="RequestFailedException">Storage is in trouble.</exception>
    public async Task SendAsync(T message, TimeSpan delay, CancellationToken cancellationToken)
    {
        delay = TimeSpan.FromSeconds(Math.Ceiling(Math.Clamp(delay.TotalSeconds, 0, LongestDelay.TotalSeconds)));
        using var span = MessageSpans.StartSend(T.Queue);
        var json = QueueMessages.Write(message.Sent(Activity.Current?.Id, time.GetUtcNow() + delay));
        try
        {
            await _queue.SendMessageAsync(json, delay, NeverExpires, cancellationToken);
        }
        catch (RequestFailedException exception) when (StorageErrors.IsNotCreated(exception))
        {
            await _queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await _queue.SendMessageAsync(json, delay, NeverExpires, cancellationToken);
        }

        Sent?.Invoke(delay);
    }

    /// <summary>Whether a message is there to be taken.</summary>
    public async Task<bool> HasVisibleAsync(CancellationToken cancellationToken) => await PeekAsync(cancellationToken) is not null;

    /// <summary>How long the message in front has been due; zero where none is there to be taken.</summary>
    internal async Task<TimeSpan> FindAgeAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var due = now;
        if (await PeekAsync(cancellationToken) is { } message)
        {
            try
            {
                due = QueueMessages.Read<T>(message.Body.ToString()).Due ?? message.InsertedOn ?? now;
            }
            catch (FormatException)
            {
                due = message.InsertedOn ?? now;
            }
        }

        return now > due ? now - due : TimeSpan.Zero;
    }

    private async Task<PeekedMessage?> PeekAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await _queue.PeekMessageAsync(cancellationToken)).Value;
        }
        catch (RequestFailedException exception) when (StorageErrors.IsNotCreated(exception))
        {
            return null;
        }
    }
}
