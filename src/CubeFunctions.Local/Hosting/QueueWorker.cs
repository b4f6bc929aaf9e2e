using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Hosting;

/// <summary>
/// Does for one queue what the Functions host does in Azure: takes messages, hands each to its handler, deletes it when that returns,
/// leaves it when that
/// throws, and moves it to the poison queue after five deliveries.
/// </summary>
internal sealed partial class QueueWorker(
    StorageClients storage,
    string name,
    int parallel,
    PollWaits waits,
    Func<string, CancellationToken, Task> handle,
    TimeProvider time,
    ILogger logger
) : IDisposable
{
    private const int MaxDeliveries = 5;
    private const int MostAtOnce = 32;

    /// <summary>Messages taken beyond those that can be handled at once: every look at the queue is a transaction to pay for.</summary>
    private readonly int _ahead = Math.Min(parallel / 4, 4);

    /// <summary>How long a message stays hidden unless renewed: what a crashed process held comes back within this time.</summary>
    private static readonly TimeSpan Hidden = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan HiddenAfterFailure = TimeSpan.FromSeconds(5);

    private readonly QueueClient _queue = storage.Queue(name);
    private readonly SemaphoreSlim _signal = new(0);

    /// <summary>Messages in hand.</summary>
    private readonly ConcurrentDictionary<string, Held> _held = new(StringComparer.Ordinal);

    public void Dispose() => _signal.Dispose();

    /// <summary>Says that a message will be there after <paramref name="delay"/>, so that it is not waited for longer.</summary>
    public void Expect(TimeSpan delay) => _ = LookAfterAsync(delay);

    /// <summary>Works until cancelled; then waits for the handlers to save what they have.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var running = new List<Task>();
        var taken = new Queue<Held>();
        using var stop = new CancellationTokenSource();
        var renewal = RenewAsync(stop.Token);
        var wait = waits.Shortest;
        var drained = false;
        try
        {
            await WaitAsync(waits.First, cancellationToken);
            while (!cancellationToken.IsCancellationRequested)
            {
                running.RemoveAll(task => task.IsCompleted);
                if (running.Count == parallel)
                {
                    await Task.WhenAny(running);
                }
                else if (taken.TryDequeue(out var message))
                {
                    running.Add(HandleAsync(message, cancellationToken));
                }
                else if (drained)
                {
                    // The last look gave less than was asked for: the next one can wait for a sign.
                    drained = false;
                    await WaitAsync(wait, cancellationToken);
                }
                else
                {
                    var asked = Math.Min(parallel - running.Count + _ahead, MostAtOnce);
                    foreach (var received in await ReceiveAsync(asked, cancellationToken))
                    {
                        taken.Enqueue(_held[received.MessageId] = new Held(received));
                    }

                    drained = taken.Count < asked;
                    wait = taken.Count > 0 ? waits.Shortest : TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, waits.Longest.Ticks));
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop.
        }

        foreach (var message in taken)
        {
            await ShowAgainAsync(message);
        }

        await Task.WhenAll(running);
        await stop.CancelAsync();
        await renewal;
    }

    /// <summary>Keeps messages in hand hidden for as long as this process works on them.</summary>
    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var timer = new PeriodicTimer(RenewEvery, time);
            using var ends = timer.EndWith(cancellationToken);
            while (await timer.WaitForNextTickAsync(CancellationToken.None))
            {
                foreach (var held in _held.Values)
                {
                    await TryAsync(() =>
                        held.ChangeAsync(
                            async message =>
                                held.Receipt = (
                                    await _queue.UpdateMessageAsync(
                                        message.MessageId,
                                        held.Receipt,
                                        message.Body,
                                        Hidden,
                                        cancellationToken
                                    )
                                )
                                    .Value
                                    .PopReceipt,
                            isLast: false
                        )
                    );
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Nothing is in hand any more.
        }
    }

    private async Task<QueueMessage[]> ReceiveAsync(int count, CancellationToken cancellationToken)
    {
        try
        {
            return (await _queue.ReceiveMessagesAsync(count, Hidden, cancellationToken)).Value;
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            // The first sender of a message creates the queue.
            return [];
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it is, a token that cannot be had among it: the queue is looked at again.
            LogNoStorage(logger, name, ErrorInfo.From(exception));
            await Task.Delay(HiddenAfterFailure, time, cancellationToken);
            return [];
        }
    }

    /// <summary>Waits for a sign that a message is there, or until it is time to look anyway.</summary>
    private async Task WaitAsync(TimeSpan most, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var elapsed = Task.Delay(most, time, limit.Token);
        var signalled = _signal.WaitAsync(limit.Token);
        await Task.WhenAny(elapsed, signalled);
        await limit.CancelAsync();
        while (_signal.Wait(0, CancellationToken.None))
        {
            // Several signs ask for one look.
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task LookAfterAsync(TimeSpan delay)
    {
        await Task.Delay(delay, time);
        try
        {
            _signal.Release();
        }
        catch (ObjectDisposedException)
        {
            // Stopped meanwhile.
        }
    }

    private async Task HandleAsync(Held held, CancellationToken cancellationToken)
    {
        var message = held.Message;
        try
        {
            await handle(message.Body.ToString(), cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await ShowAgainAsync(held);
            return;
        }
        catch (Exception exception)
        {
            LogFailed(logger, name, message.DequeueCount, exception.GetType().Name);
            await EndAsync(
                held,
                message.DequeueCount < MaxDeliveries || name.EndsWith(StorageNames.PoisonSuffix, StringComparison.Ordinal)
                    ? _ =>
                        _queue.UpdateMessageAsync(message.MessageId, held.Receipt, message.Body, HiddenAfterFailure, CancellationToken.None)
                    : _ => PoisonAsync(held)
            );
            Expect(HiddenAfterFailure);
            return;
        }

        await EndAsync(held, _ => _queue.DeleteMessageAsync(message.MessageId, held.Receipt, CancellationToken.None));
    }

    /// <summary>Gives a message back for another worker.</summary>
    private Task ShowAgainAsync(Held held) =>
        EndAsync(
            held,
            message => _queue.UpdateMessageAsync(message.MessageId, held.Receipt, message.Body, TimeSpan.Zero, CancellationToken.None)
        );

    /// <summary>Puts a message out of hand.</summary>
    private Task EndAsync(Held held, Func<QueueMessage, Task> action)
    {
        _held.TryRemove(held.Message.MessageId, out _);
        return TryAsync(() => held.ChangeAsync(action, isLast: true));
    }

    private async Task PoisonAsync(Held held)
    {
        var message = held.Message;
        var poison = storage.Queue(name + StorageNames.PoisonSuffix);
        await poison.CreateIfNotExistsAsync();
        await poison.SendMessageAsync(message.Body, timeToLive: TimeSpan.FromSeconds(-1));
        await _queue.DeleteMessageAsync(message.MessageId, held.Receipt);
    }

    /// <summary>A message that cannot be put away comes again, which is harmless.</summary>
    private async Task TryAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            LogNoStorage(logger, name, ErrorInfo.From(exception));
        }
    }

    [LoggerMessage(500, LogLevel.Warning, "A message of {Queue} failed at delivery {Delivery}: {Error}")]
    private static partial void LogFailed(ILogger logger, string queue, long delivery, string error);

    [LoggerMessage(501, LogLevel.Warning, "Queue {Queue}: storage answers {Error}")]
    private static partial void LogNoStorage(ILogger logger, string queue, ErrorInfo error);

    /// <summary>
    /// A message in hand, with the receipt of its last change. Changes come one after the other, and none after the last.
    /// </summary>
    [SuppressMessage(
        "Reliability",
        "CA1001",
        Justification = "A renewal may still wait at the gate, and nothing in it needs to be disposed."
    )]
    private sealed class Held(QueueMessage message)
    {
        private readonly SemaphoreSlim _gate = new(1);
        private bool _isOver;

        public QueueMessage Message => message;

        public string Receipt { get; set; } = message.PopReceipt;

        public async Task ChangeAsync(Func<QueueMessage, Task> change, bool isLast)
        {
            await _gate.WaitAsync();
            try
            {
                if (!_isOver)
                {
                    _isOver = isLast;
                    await change(message);
                }
            }
            finally
            {
                _gate.Release();
            }
        }
    }
}
