using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Xunit;

namespace CubeFunctions.Tests.Functions.Host;

/// <summary>
/// A queue as the host's listener serves it: messages are hidden while their function runs, deleted when it returns, shown again
/// after a pause when it failed, and moved to the poison queue after the last delivery that host.json grants.
/// Not done: the renewal of a message's ten minutes.
/// </summary>
internal sealed class HostQueue(
    QueueServiceClient queues,
    string name,
    HostSettings settings,
    TimeSpan hiddenAfterFailure,
    Func<string, QueueMessage, Task<Invocation>> invoke
)
{
    private static readonly TimeSpan Hidden = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private readonly QueueClient _queue = queues.GetQueueClient(name);

    /// <summary>Serves the queue until cancelled; then waits for the functions that run.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var running = new List<Task>();
        while (!stop.IsCancellationRequested)
        {
            var messages = running.Count <= settings.NewBatchThreshold ? await ReceiveAsync() : [];
            running.AddRange(messages.Select(HandleAsync));
            if (messages.Length == 0)
            {
                var wait = Task.Delay(Poll, TimeProvider.System, stop);
                await Task.WhenAny([wait, .. running]);
            }

            foreach (var done in running.Where(task => task.IsCompleted).ToList())
            {
                await done;
                running.Remove(done);
            }
        }

        await Task.WhenAll(running);
    }

    private async Task<QueueMessage[]> ReceiveAsync()
    {
        try
        {
            return (await _queue.ReceiveMessagesAsync(settings.BatchSize, Hidden, TestContext.Current.CancellationToken)).Value;
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            // Created with its first message.
            return [];
        }
    }

    private async Task HandleAsync(QueueMessage message)
    {
        if (Decode(message) is not { } text)
        {
            await PoisonAsync(message);
            return;
        }

        var invocation = await invoke(text, message);
        if (invocation.Outcome == InvocationOutcome.Succeeded)
        {
            await _queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, TestContext.Current.CancellationToken);
        }
        else if (message.DequeueCount >= settings.MaxDequeueCount)
        {
            await PoisonAsync(message);
        }
        else
        {
            await _queue.UpdateMessageAsync(
                message.MessageId,
                message.PopReceipt,
                visibilityTimeout: hiddenAfterFailure,
                cancellationToken: TestContext.Current.CancellationToken
            );
        }
    }

    private string? Decode(QueueMessage message)
    {
        if (!settings.IsBase64)
        {
            return message.Body.ToString();
        }

        var bytes = new byte[message.Body.ToMemory().Length];
        return Convert.TryFromBase64String(message.Body.ToString(), bytes, out var length)
            ? System.Text.Encoding.UTF8.GetString(bytes, 0, length)
            : null;
    }

    private async Task PoisonAsync(QueueMessage message)
    {
        var poison = queues.GetQueueClient(name + "-poison");
        await poison.CreateIfNotExistsAsync(cancellationToken: TestContext.Current.CancellationToken);
        var forever = TimeSpan.FromSeconds(-1);
        await poison.SendMessageAsync(message.Body, timeToLive: forever, cancellationToken: TestContext.Current.CancellationToken);
        await _queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, TestContext.Current.CancellationToken);
    }
}
