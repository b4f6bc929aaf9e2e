using Azure;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Sync;

/// <summary>Takes messages of <c>cube-sync</c>: claims the item that one names and works on it in a session.</summary>
public sealed class ItemWorker
{
    /// <summary>Delay before an item is looked at again whose scope another run's abandoned item must finish first.</summary>
    private static readonly TimeSpan AfterAbandoned = TimeSpan.FromSeconds(5);

    /// <summary>A message that comes while the lease still holds is sent again for its end.</summary>
    private static readonly TimeSpan AfterLease = TimeSpan.FromSeconds(1);

    /// <summary>How long closing a run may take once the host wants to stop.</summary>
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(20);

    private readonly RunStore _runs;
    private readonly CheckpointStore _checkpoints;
    private readonly RunCloser _closer;
    private readonly SyncProgress _progress;
    private readonly SessionTools _tools;
    private readonly CancelledRuns _cancelled;
    private readonly PoisonHandler _poison;
    private readonly ILogger<ItemWorker> _logger;

    internal ItemWorker(
        RunStore runs,
        CheckpointStore checkpoints,
        RunCloser closer,
        SyncProgress progress,
        SessionTools tools,
        PoisonHandler poison,
        ILogger<ItemWorker> logger
    ) =>
        (_runs, _checkpoints, _closer, _progress, _tools, _cancelled, _poison, _logger) = (
            runs,
            checkpoints,
            closer,
            progress,
            tools,
            new CancelledRuns(runs, tools.Time),
            poison,
            logger
        );

    /// <summary>Handles a message. Messages may repeat and come late. Whatever is thrown on the way is counted in the item's row.</summary>
    /// <exception cref="FormatException">It is no message of ours.</exception>
    /// <exception cref="RequestFailedException">
    /// Storage failed so that not even the failure could be saved; the message should come again.
    /// </exception>
    public async Task HandleAsync(string message, CancellationToken cancellationToken)
    {
        var parsed = QueueMessages.Read<SyncMessage>(message);
        using var span = MessageSpans.StartProcess(parsed);
        span?.SetTag("cube.run", parsed.Run).SetTag("cube.item", parsed.Item);
        try
        {
            await HandleAsync(parsed, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var failure = ItemWriter.ToFailure(exception, cancellationToken);
            span.Fail(ItemWriter.KindOf(exception, failure));
            await _tools.Writer.RecordFailureAsync(parsed, ItemWriter.KindOf(exception, failure), failure, cancellationToken);
        }
    }

    /// <summary>Handles a message that was delivered too often: that counts as an unforeseen failure of its item.</summary>
    public Task HandlePoisonAsync(string message, CancellationToken cancellationToken) =>
        _poison.HandleAsync<SyncMessage>(message, RecordPoisonAsync, cancellationToken);

    private async Task RecordPoisonAsync(SyncMessage message, CancellationToken cancellationToken)
    {
        var last = (await _runs.FindItemAsync(message.Run, message.Item, cancellationToken))?.Reason;
        const string Often = "its message failed too often";
        var reason = last is null || last.StartsWith(Often, StringComparison.Ordinal) ? last ?? Often : $"{Often}; last: {last}";
        await _tools.Writer.RecordFailureAsync(message, "Poison", new Failure(FailureKind.Unexpected, reason), cancellationToken);
    }

    private async Task HandleAsync(SyncMessage message, CancellationToken cancellationToken)
    {
        if (await _runs.FindItemToClaimAsync(message.Run, message.Item, cancellationToken) is not { IsOpen: true } item)
        {
            // A repeat; or the worker that ended it has not come to close the run.
            await _closer.CloseIfDoneAsync(message.Run, cancellationToken);
            return;
        }

        switch (await _checkpoints.ClaimAsync(item, cancellationToken))
        {
            case Claim.Taken taken:
                await WorkAsync(item, taken, cancellationToken);
                break;
            case Claim.Busy busy:
                // Not dropped where a worker has this very item: it may have died.
                var wait = busy.SameItem ? busy.Left + AfterLease : TimeSpan.FromSeconds(Math.Clamp(busy.Left.TotalSeconds, 1, 10));
                await _tools.Writer.NotifyAsync(item, wait, cancellationToken);
                break;
            case Claim.Abandoned abandoned:
                await _tools.Writer.NotifyAsync(abandoned.First, TimeSpan.Zero, cancellationToken);
                await _tools.Writer.NotifyAsync(item, AfterAbandoned, cancellationToken);
                break;
        }
    }

    private async Task WorkAsync(ItemRow item, Claim.Taken claim, CancellationToken cancellationToken)
    {
        _closer.Enter(item.PartitionKey);
        _progress.Resumed(item);
        try
        {
            await using var watch = _cancelled.Begin(item.PartitionKey, cancellationToken);
            await using var session = new ItemSession(item, claim, _tools, _logger, watch.Token);
            await session.RunAsync();
            if (session.State == SessionState.Lost)
            {
                // Nobody may have it: a lease that cannot be renewed is lost as well.
                await _tools.Writer.NotifyAsync(item, _tools.Settings.Lease + AfterLease, cancellationToken);
            }
        }
        finally
        {
            _closer.Leave(item.PartitionKey);
        }

        if (!_closer.HasInHand(item.PartitionKey))
        {
            // Whatever the host wants: the last item closes the run.
            using var limit = new CancellationTokenSource(CloseLimit, _tools.Time);
            await _closer.CloseIfDoneAsync(item.PartitionKey, limit.Token);
        }
    }
}
