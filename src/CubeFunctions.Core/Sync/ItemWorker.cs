using System.Diagnostics;
using Azure;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Sync;

/// <summary>
/// Takes messages of <c>cube-sync</c>: claims the items that one names and works on each in a session, one after the other.
/// </summary>
public sealed partial class ItemWorker
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
        span?.SetTag("cube.run", parsed.Run).SetTag("cube.item", string.Join(',', parsed.Each().Select(static one => one.Item)));
        var began = _tools.Time.GetUtcNow();
        var claims = new Dictionary<string, (ItemRow Item, Claim.Taken Claim)>(StringComparer.Ordinal);
        try
        {
            await ClaimTogetherAsync(parsed, claims, cancellationToken);
            foreach (var one in parsed.Each())
            {
                await HandleOneAsync(
                    one,
                    claims.Remove(one.Item, out var claimed) ? claimed : null,
                    isLate: one.Item != parsed.Item
                        && (cancellationToken.IsCancellationRequested || _tools.Time.GetUtcNow() - began >= _tools.Settings.TimeBudget / 4),
                    span,
                    cancellationToken
                );
            }
        }
        finally
        {
            foreach (var (item, claim) in claims.Values)
            {
                await TryGiveBackAsync(item, claim);
            }
        }
    }

    /// <summary>Handles a message that was delivered too often: that counts as an unforeseen failure of its item.</summary>
    public Task HandlePoisonAsync(string message, CancellationToken cancellationToken) =>
        _poison.HandleAsync<SyncMessage>(
            message,
            async (parsed, token) =>
            {
                foreach (var one in parsed.Each())
                {
                    await RecordPoisonAsync(one, token);
                }
            },
            cancellationToken
        );

    /// <summary>
    /// Claims the items of one message in one transaction. Where that cannot be, none is claimed, and each finds out for itself why.
    /// </summary>
    private async Task ClaimTogetherAsync(
        SyncMessage message,
        Dictionary<string, (ItemRow Item, Claim.Taken Claim)> claims,
        CancellationToken cancellationToken
    )
    {
        if (message.Others is null)
        {
            return;
        }

        try
        {
            var items = new List<ItemRow>();
            foreach (var one in message.Each())
            {
                if (await _runs.FindItemToClaimAsync(one.Run, one.Item, cancellationToken) is { IsOpen: true } item)
                {
                    items.Add(item);
                }
            }

            var together = items.Count > 1 ? await _checkpoints.TryClaimAsync(items, cancellationToken) : null;
            foreach (var (item, claim) in items.Zip(together ?? []))
            {
                claims[item.RowKey] = (item, claim);
            }
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it is, it is counted in the row of the item that meets it again.
        }
    }

    /// <summary>The last barrier around one item.</summary>
    private async Task HandleOneAsync(
        SyncMessage message,
        (ItemRow Item, Claim.Taken Claim)? claimed,
        bool isLate,
        Activity? span,
        CancellationToken cancellationToken
    )
    {
        try
        {
            switch (claimed)
            {
                case (var item, var claim) when isLate:
                    await GiveBackAsync(item, claim);
                    break;
                case (var item, var claim):
                    await WorkAsync(item, claim, cancellationToken);
                    break;
                case null when isLate:
                    await _tools.Writer.NotifyAsync(message, TimeSpan.Zero, CancellationToken.None);
                    break;
                case null:
                    await HandleAsync(message, cancellationToken);
                    break;
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var failure = ItemWriter.ToFailure(exception, cancellationToken);
            span.Fail(ItemWriter.KindOf(exception, failure));
            await _tools.Writer.RecordFailureAsync(message, ItemWriter.KindOf(exception, failure), failure, cancellationToken);
        }
    }

    /// <summary>
    /// Gives up an item that was claimed with others and not begun: theirs took long, or the host stops. A message of its own brings it on.
    /// </summary>
    private async Task GiveBackAsync(ItemRow item, Claim.Taken claim)
    {
        using var limit = new CancellationTokenSource(CloseLimit, _tools.Time);
        await using var lease = claim.Lease;
        if (!claim.Resumes)
        {
            // Nothing of it is stored.
            lease.Row.WriteProgress(null);
        }

        var wait = TimeSpan.Zero;
        try
        {
            await lease.ReleaseAsync(limit.Token);
        }
        catch (LeaseLostException)
        {
            wait = _tools.Settings.Lease + AfterLease;
        }

        await _tools.Writer.NotifyAsync(item, wait, limit.Token);
    }

    private async Task TryGiveBackAsync(ItemRow item, Claim.Taken claim)
    {
        try
        {
            await GiveBackAsync(item, claim);
        }
        catch (Exception exception)
        {
            // The lease ends by itself, and the janitor finds the item.
            LogNotGivenBack(_logger, item.Feed, item.ScopeKind, item.ScopeId, ErrorInfo.From(exception));
        }
    }

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

    [LoggerMessage(127, LogLevel.Warning, "{Feed} of {ScopeKind} {ScopeId}: claimed with others and not given back: {Error}")]
    private static partial void LogNotGivenBack(ILogger logger, string feed, string scopeKind, string scopeId, ErrorInfo error);
}
