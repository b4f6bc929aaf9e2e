using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Sync;

/// <summary>Ends, reschedules and fails items: what becomes of an item's row after its plan.</summary>
public sealed partial class ItemWriter(
    RunStore runs,
    EndedItems ended,
    RunCloser closer,
    QueueNotifier<SyncMessage> notifier,
    SyncProgress progress,
    TimeProvider time,
    ILogger<ItemWriter> logger
)
{
    /// <summary>The reason's kind of an item that waits for the end of a pause.</summary>
    internal const string Paused = nameof(Paused);

    private static readonly RecoveryPolicy Policy = RecoveryPolicy.Steps(
        TimeSpan.FromSeconds(3),
        TimeSpan.FromSeconds(10),
        TimeSpan.FromSeconds(30)
    ) with
    {
        SuspendOver = TenantPause.LongestWait,
    };

    /// <summary>What an exception says of trying again.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="cancellationToken">The token of what threw it.</param>
    internal static Failure ToFailure(Exception exception, CancellationToken cancellationToken) =>
        exception switch
        {
            CubeException { Kind: CubeFailureKind.Transient or CubeFailureKind.MalformedPage } cube => Failure.Transient(
                cube.Message,
                cube.RetryAfter
            ),
            CubeException cube => Failure.Permanent(cube.Message),
            _ => StorageErrors.ToFailure(exception, cancellationToken),
        };

    /// <summary>The kind of a failure, for the item's row.</summary>
    internal static string KindOf(Exception exception, Failure failure) =>
        exception is CubeException cube ? cube.Kind.ToString() : failure.Kind.ToString();

    /// <summary>What becomes of an item that failed.</summary>
    internal Recovery Decide(ItemRow item, Failure failure) =>
        Recoverability.Decide(Policy, failure, item.History, time.GetUtcNow(), Random.Shared.NextDouble());

    /// <summary>Saves that an item has ended.</summary>
    internal async Task EndAsync(ItemRow item, ItemState state, string? reasonKind, string? reason, CancellationToken cancellationToken)
    {
        void Change(ItemRow row) =>
            (row.State, row.CompletedAt, row.ReasonKind, row.Reason) = (state, time.GetUtcNow(), reasonKind, reason);
        Change(item);
        if (
            await ended.TrySaveAsync(item, closer.InHand(item.PartitionKey), cancellationToken)
            || await runs.TryChangeAsync(item, Change, cancellationToken)
        )
        {
            progress.ItemDone();
            Count(item);
            if (state == ItemState.Failed)
            {
                LogFailed(logger, item.Feed, item.ScopeKind, item.ScopeId, reasonKind ?? "", reason ?? "");
            }
        }
    }

    /// <summary>Saves that an item goes on later. The caller notifies a worker once the lease is given up.</summary>
    /// <param name="item">Its row, with what it has come to.</param>
    /// <param name="delay">After how long.</param>
    /// <param name="reasonKind">Kind of the failure; null where there is none.</param>
    /// <param name="reason">The failure in words.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    internal async Task RescheduleAsync(
        ItemRow item,
        TimeSpan delay,
        string? reasonKind,
        string? reason,
        CancellationToken cancellationToken
    )
    {
        await runs.TryChangeAsync(
            item,
            row => (row.Begun, row.WakeAt, row.ReasonKind, row.Reason) = (true, time.GetUtcNow() + delay, reasonKind, reason),
            cancellationToken
        );
        if (reason is not null)
        {
            progress.Rescheduled(item, reason);
            CubeMetrics.ItemsRescheduled.Add(1, new("feed", item.Feed), new("scope", item.ScopeKind), new("reason", reasonKind));
            LogRescheduled(logger, item.Feed, item.ScopeKind, item.ScopeId, reasonKind ?? "", reason, (int)delay.TotalSeconds);
        }
    }

    /// <summary>Saves how far an item has come.</summary>
    internal Task SaveAsync(ItemRow item, CancellationToken cancellationToken) =>
        runs.TryChangeAsync(item, static row => row.Begun = true, cancellationToken);

    internal Task NotifyAsync(ItemRow item, TimeSpan delay, CancellationToken cancellationToken) =>
        NotifyAsync(SyncMessage.For(item), delay, cancellationToken);

    internal Task NotifyAsync(SyncMessage message, TimeSpan delay, CancellationToken cancellationToken) =>
        notifier.SendAsync(message, delay, cancellationToken);

    /// <summary>
    /// Counts a failure in the item's row where no session could: the last barrier, and messages that were delivered too often.
    /// </summary>
    internal async Task RecordFailureAsync(SyncMessage message, string reasonKind, Failure failure, CancellationToken cancellationToken)
    {
        if (await runs.FindItemAsync(message.Run, message.Item, cancellationToken) is { IsOpen: true } item)
        {
            switch (Decide(item, failure))
            {
                case Recovery.DeadLetter dead:
                    await EndAsync(item, ItemState.Failed, reasonKind, dead.Reason, cancellationToken);
                    break;
                case Recovery.RetryAfter retry:
                    item.History = retry.Next;
                    await RescheduleAsync(item, retry.Delay, reasonKind, failure.Reason, cancellationToken);
                    await NotifyAsync(item, retry.Delay, cancellationToken);
                    return;
                case Recovery.SuspendUntil suspended:
                    await RescheduleAsync(item, suspended.Instant - time.GetUtcNow(), Paused, failure.Reason, cancellationToken);
                    await NotifyAsync(item, suspended.Instant - time.GetUtcNow(), cancellationToken);
                    return;
            }
        }

        await closer.CloseIfDoneAsync(message.Run, cancellationToken);
    }

    private static void Count(ItemRow item)
    {
        var counter = item.State switch
        {
            ItemState.Failed => CubeMetrics.ItemsFailed,
            ItemState.Unproven => CubeMetrics.ItemsUnproven,
            _ => CubeMetrics.ItemsSucceeded,
        };
        counter.Add(1, new("feed", item.Feed), new("scope", item.ScopeKind), new("reason", item.ReasonKind));
    }

    [LoggerMessage(120, LogLevel.Warning, "{Feed} of {ScopeKind} {ScopeId} rescheduled for {Seconds} s ({FailureKind}): {Reason}")]
    private static partial void LogRescheduled(
        ILogger logger,
        string feed,
        string scopeKind,
        string scopeId,
        string failureKind,
        string reason,
        int seconds
    );

    [LoggerMessage(121, LogLevel.Error, "{Feed} of {ScopeKind} {ScopeId} failed ({FailureKind}): {Reason}")]
    private static partial void LogFailed(ILogger logger, string feed, string scopeKind, string scopeId, string failureKind, string reason);
}
