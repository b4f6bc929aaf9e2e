using System.Diagnostics;
using Azure;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Sync;

/// <summary>Works on one item at a time of its caller: claims it, sweeps its windows in order, moves the checkpoint, ends or puts it off.</summary>
public sealed partial class ItemWorker(
    RunStore runs, CheckpointStore checkpoints, WindowCrawler crawler, SyncNotifier waker, EndedItems ended, RunCloser closer, SyncProgress progress, WindowPublisher publisher, SyncSettings settings,
    TimeProvider time, ILogger<ItemWorker> logger)
{
    /// <summary>The trace source of the sync lane.</summary>
    public const string TraceSource = "CubeFunctions.Sync";

    private static readonly ActivitySource Traces = new(TraceSource);

    /// <summary>How long an item is put off after a transient failure, by the number of failures before; then it fails.</summary>
    private static readonly TimeSpan[] Delays = [TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30)];

    /// <summary>How long an item waits before it looks whether the one that died before it is done.</summary>
    private static readonly TimeSpan AfterTheDead = TimeSpan.FromSeconds(5);

    /// <summary>How long saving may take once the host wants to stop.</summary>
    private static readonly TimeSpan SaveLimit = TimeSpan.FromSeconds(20);

    /// <summary>Handles a message of <c>cube-sync</c>. Messages may repeat and come late.</summary>
    /// <exception cref="FormatException">It is no message of ours.</exception>
    /// <exception cref="RequestFailedException">Storage failed; the message should come again.</exception>
    public async Task HandleAsync(string message, CancellationToken cancellationToken)
    {
        var parsed = SyncMessage.Parse(message);
        using var activity = Traces.StartActivity("sync item", ActivityKind.Consumer, parsed.Traceparent);
        activity?.SetTag("cube.run", parsed.Run);
        if (await runs.FindItemToClaimAsync(parsed.Run, parsed.Item, cancellationToken) is not { IsOpen: true } item)
        {
            return;
        }

        switch (await checkpoints.ClaimAsync(item, cancellationToken))
        {
            case Claim.Taken taken:
                await WorkAsync(item, taken.Lease, taken.Resumes, cancellationToken);
                break;
            case Claim.Busy busy:
                // Another run has the scope and feed; come back when it may be done.
                var wait = TimeSpan.FromSeconds(Math.Clamp(busy.Left.TotalSeconds, 1, 10));
                await waker.WakeAsync(item, wait, cancellationToken);
                break;
            case Claim.Died died:
                await waker.WakeAsync(died.First, TimeSpan.Zero, cancellationToken);
                await waker.WakeAsync(item, AfterTheDead, cancellationToken);
                break;
        }
    }

    /// <summary>Handles a message that failed too often: the item fails with its reason, so that the run can close.</summary>
    public async Task HandlePoisonAsync(string message, CancellationToken cancellationToken)
    {
        CubeMetrics.Poison.Add(1, new KeyValuePair<string, object?>("queue", StorageNames.SyncQueue));
        SyncMessage parsed;
        try
        {
            parsed = SyncMessage.Parse(message);
        }
        catch (FormatException exception)
        {
            LogUnreadable(logger, exception.Message);
            return;
        }

        if (await runs.FindItemAsync(parsed.Run, parsed.Item, cancellationToken) is { IsOpen: true } item)
        {
            var reason = item.Reason is { } last ? $"its message failed too often; last: {last}" : "its message failed too often";
            await SaveAsync(item, row => End(row, ItemState.Failed, "Poison", reason), cancellationToken);
            LogFailed(logger, item.Feed, item.ScopeKind, item.ScopeId, "Poison", reason);
            Count(item, ItemState.Failed, "Poison");
        }

        await closer.CloseIfDoneAsync(parsed.Run, cancellationToken);
    }

    private async Task WorkAsync(ItemRow item, ScopeLease lease, bool resumes, CancellationToken cancellationToken)
    {
        closer.Enter(item.PartitionKey);
        progress.TakenUp(item);
        try
        {
            await using (lease)
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
                await SweepAsync(item, lease, resumes, either.Token, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is LeaseLostException || (exception is OperationCanceledException && lease.Row.LeaseHolder is not null && !cancellationToken.IsCancellationRequested))
        {
            LogLeaseLost(logger, item.Feed, item.ScopeKind, item.ScopeId);
        }
        finally
        {
            using var limit = new CancellationTokenSource(SaveLimit, time);
            await closer.LeaveAsync(item.PartitionKey, limit.Token);
        }
    }

    private async Task SweepAsync(ItemRow item, ScopeLease lease, bool resumes, CancellationToken working, CancellationToken stopping)
    {
        var results = item.ReadWindows();
        var deadline = time.GetUtcNow() + settings.TimeBudget;
        using var observing = publisher.Begin(item, lease.Row);
        bool ShouldStop() => stopping.IsCancellationRequested || time.GetUtcNow() >= deadline;
        try
        {
            await observing.PrepareAsync(working);
            foreach (var window in Windows(item).Where(window => !results.Exists(result => result.Window == window)).ToList())
            {
                using var observed = observing.BeginWindow(window);
                if (await crawler.CrawlAsync(item, lease, window, resumes, observed, ShouldStop, working) is not { } stored)
                {
                    await SuspendAsync(item, lease, observing, results);
                    return;
                }

                await observed.StoredAsync(stored, working);
                results.Add(stored.Result);
            }

            await CommitAsync(item, lease.Row, observing, results, working);
            await observing.CompleteAsync(working);
            var unproven = results.Exists(result => result.Proof == Proof.None);
            RetireIfOver(item, lease.Row, unproven);
            await EndAsync(item, lease, observing, results, unproven ? ItemState.Unproven : ItemState.Succeeded, null, null, working);
        }
        catch (CubeException exception)
        {
            await FailAsync(item, lease, observing, results, exception, working);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await SuspendAsync(item, lease, observing, results);
        }
        catch (RequestFailedException exception)
        {
            await NoteAsync(item, lease, $"storage failed: {exception.ErrorCode ?? exception.GetType().Name}");
            throw;
        }
    }

    private IEnumerable<Window> Windows(ItemRow item) =>
        ItemRow.Day(item.From) is { } from && ItemRow.Day(item.To) is { } to
            ? WindowPlan.Cut(from, to, item.TodayDay, settings.WindowDays)
            : [Window.Snapshot];

    /// <summary>What is known is saved before anything says that the windows are done.</summary>
    private static async Task CommitAsync(ItemRow item, CheckpointRow row, ItemObservers observing, List<WindowResult> results, CancellationToken cancellationToken)
    {
        await observing.CommitAsync(cancellationToken);
        MoveCheckpoint(item, row, results);
    }

    /// <summary>The checkpoint stands at the last day before today up to which every window is proven. A manual run leaves it.</summary>
    private static void MoveCheckpoint(ItemRow item, CheckpointRow row, List<WindowResult> results)
    {
        if (item.RunKind == RunKind.Manual)
        {
            return;
        }

        foreach (var result in results.TakeWhile(result => result.Proof != Proof.None))
        {
            if (result.To is { } to && to < item.TodayDay)
            {
                row.Advance(to);
            }
        }
    }

    /// <summary>A campaign that left the list is retired once its last days are proven, look-back included.</summary>
    private void RetireIfOver(ItemRow item, CheckpointRow row, bool unproven)
    {
        if (row.RetiredReason == CheckpointRow.NotFound)
        {
            // It answers again.
            row.Revive();
        }

        if (!item.Listed && !unproven && item.RunKind != RunKind.Manual && ItemRow.Day(row.ListedOn) is { } listedOn
            && (!item.FeedOf.Dated || row.ThroughDay >= listedOn.AddDays(settings.LookbackDays)))
        {
            row.Retire(CheckpointRow.Ended, time.GetUtcNow());
            LogRetired(logger, item.ScopeKind, item.ScopeId, item.Feed);
        }
    }

    private async Task FailAsync(
        ItemRow item, ScopeLease lease, ItemObservers observing, List<WindowResult> results, CubeException failure, CancellationToken cancellationToken)
    {
        if (failure.Kind == CubeFailureKind.NotFound && item.Scope.Kind == ScopeKind.Campaign)
        {
            if (lease.Row.RetiredReason != CheckpointRow.NotFound)
            {
                LogNotFound(logger, item.ScopeId, item.Feed);
            }

            lease.Row.Retire(CheckpointRow.NotFound, time.GetUtcNow());
            await EndAsync(item, lease, observing, results, ItemState.Succeeded, failure.Kind.ToString(), failure.Message, cancellationToken);
            return;
        }

        var transient = failure.Kind is CubeFailureKind.Transient or CubeFailureKind.MalformedPage;
        var longPause = failure.RetryAfter > TenantPause.LongestWait;
        if (transient && (longPause || item.Tries < Delays.Length))
        {
            // Spread, so that items which failed together do not come back together.
            var delay = longPause ? failure.RetryAfter!.Value : Delays[item.Tries] * (0.8 + (0.4 * Random.Shared.NextDouble()));
            item.Tries += longPause ? 0 : 1;
            progress.PutOff(item, failure.Message);
            LogPutOff(logger, item.Feed, item.ScopeKind, item.ScopeId, failure.Kind, failure.Message, (int)delay.TotalSeconds);
            await LeaveAsync(item, lease, observing, results, delay, failure);
            return;
        }

        LogFailed(logger, item.Feed, item.ScopeKind, item.ScopeId, failure.Kind.ToString(), failure.Message);
        await EndAsync(item, lease, observing, results, ItemState.Failed, failure.Kind.ToString(), failure.Message, cancellationToken);
    }

    private async Task EndAsync(
        ItemRow item, ScopeLease lease, ItemObservers observing, List<WindowResult> results, ItemState state, string? reasonKind, string? reason,
        CancellationToken cancellationToken)
    {
        await CommitAsync(item, lease.Row, observing, results, cancellationToken);
        lease.Row.WriteProgress(null);
        var saved = await SaveAsync(item, row =>
        {
            row.WriteWindows(results);
            End(row, state, reasonKind, reason);
        }, cancellationToken, row => ended.TrySaveAsync(row, closer.InHand(row.PartitionKey), cancellationToken));
        if (saved)
        {
            progress.ItemDone();
            closer.Ended(item);
            Count(item, state, reasonKind);
        }

        lease.Row.Finished = item.Holder;
        await lease.ReleaseAsync(cancellationToken);
    }

    private Task SuspendAsync(ItemRow item, ScopeLease lease, ItemObservers observing, List<WindowResult> results) =>
        LeaveAsync(item, lease, observing, results, TimeSpan.Zero, failure: null);

    /// <summary>Saves what is done, gives the lease up and sends for a worker: the next claim goes on from there.</summary>
    private async Task LeaveAsync(ItemRow item, ScopeLease lease, ItemObservers observing, List<WindowResult> results, TimeSpan delay, CubeException? failure)
    {
        // Not the caller's token: it may be cancelled already, and what was read must be saved.
        using var limit = new CancellationTokenSource(SaveLimit, time);
        await CommitAsync(item, lease.Row, observing, results, limit.Token);
        await SaveAsync(item, row =>
        {
            row.Begun = true;
            row.Tries = item.Tries;
            row.WakeAt = time.GetUtcNow() + delay;
            row.ReasonKind = failure?.Kind.ToString();
            row.Reason = failure?.Message;
            row.WriteWindows(results);
        }, limit.Token);
        await lease.ReleaseAsync(limit.Token);
        await waker.WakeAsync(item, delay, limit.Token);
    }

    /// <summary>Leaves a note for the case that the message ends as poison.</summary>
    private async Task NoteAsync(ItemRow item, ScopeLease lease, string reason)
    {
        try
        {
            using var limit = new CancellationTokenSource(SaveLimit, time);
            await SaveAsync(item, row => (row.Begun, row.ReasonKind, row.Reason) = (true, "Storage", reason), limit.Token);
            await lease.ReleaseAsync(limit.Token);
        }
        catch (Exception exception) when (exception is RequestFailedException or LeaseLostException or OperationCanceledException)
        {
            // Storage is the very thing that fails; the lease ends by itself and the sweeper wakes somebody.
        }
    }

    /// <summary>Changes an open item's row, again on top of whatever else changed it.</summary>
    /// <returns>False when the item has ended already.</returns>
    private async Task<bool> SaveAsync(ItemRow item, Action<ItemRow> change, CancellationToken cancellationToken, Func<ItemRow, Task<bool>>? write = null)
    {
        write ??= row => runs.TryUpdateAsync(row, cancellationToken);
        change(item);
        while (!await write(item))
        {
            if (await runs.FindItemAsync(item.PartitionKey, item.RowKey, cancellationToken) is not { IsOpen: true } current)
            {
                return false;
            }

            item.ETag = current.ETag;
            change(item);
        }

        return true;
    }

    private static void Count(ItemRow item, ItemState state, string? reasonKind)
    {
        var counter = state switch
        {
            ItemState.Failed => CubeMetrics.ItemsFailed,
            ItemState.Unproven => CubeMetrics.ItemsUnproven,
            _ => CubeMetrics.ItemsSucceeded,
        };
        counter.Add(1, new("feed", item.Feed), new("scope", item.ScopeKind), new("reason", reasonKind));
    }

    private void End(ItemRow row, ItemState state, string? reasonKind, string? reason)
    {
        row.State = state.ToString();
        row.CompletedAt = time.GetUtcNow();
        row.ReasonKind = reasonKind;
        row.Reason = reason;
    }

    [LoggerMessage(120, LogLevel.Warning, "{Feed} of {ScopeKind} {ScopeId} put off for {Seconds} s ({FailureKind}): {Reason}")]
    private static partial void LogPutOff(ILogger logger, string feed, string scopeKind, string scopeId, CubeFailureKind failureKind, string reason, int seconds);

    [LoggerMessage(121, LogLevel.Error, "{Feed} of {ScopeKind} {ScopeId} failed ({FailureKind}): {Reason}")]
    private static partial void LogFailed(ILogger logger, string feed, string scopeKind, string scopeId, string failureKind, string reason);

    [LoggerMessage(122, LogLevel.Information, "{ScopeKind} {ScopeId} has ended and its last days are proven: {Feed} is retired")]
    private static partial void LogRetired(ILogger logger, string scopeKind, string scopeId, string feed);

    [LoggerMessage(123, LogLevel.Warning, "Campaign {ScopeId} answers 404: {Feed} is retired")]
    private static partial void LogNotFound(ILogger logger, string scopeId, string feed);

    [LoggerMessage(124, LogLevel.Warning, "{Feed} of {ScopeKind} {ScopeId}: the lease was lost to another worker")]
    private static partial void LogLeaseLost(ILogger logger, string feed, string scopeKind, string scopeId);

    [LoggerMessage(125, LogLevel.Error, "A poison message of cube-sync cannot be read: {Reason}")]
    private static partial void LogUnreadable(ILogger logger, string reason);
}
