using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Sync;

/// <summary>Where a session stands.</summary>
internal enum SessionState
{
    /// <summary>The lease is taken, nothing is read.</summary>
    Claimed,

    /// <summary>Windows are read, one after the other.</summary>
    Reading,

    /// <summary>All windows are read.</summary>
    Read,

    /// <summary>The item has ended and the lease is given up.</summary>
    Ended,

    /// <summary>The item goes on later and the lease is given up.</summary>
    Rescheduled,

    /// <summary>Somebody else took over. What was stored stays; nothing of this session shows.</summary>
    Lost,
}

/// <summary>What sessions work with.</summary>
internal sealed record SessionTools(
    WindowCrawler Crawler,
    PageSource Source,
    WindowPublisher Publisher,
    GapStore Gaps,
    ItemWriter Writer,
    SyncSettings Settings,
    TimeProvider Time
);

/// <summary>One claim of one item: reads its windows in order, moves the checkpoint, ends or reschedules the item.</summary>
/// <remarks>
/// <c>Claimed</c> to <c>Reading</c> to <c>Read</c> to <c>Ended</c>. From each of the first three a failure, the end of the time budget or a
/// host that stops leads to
/// <c>Rescheduled</c> or, when the tries are used up, to <c>Ended</c>; a lost lease to <c>Lost</c>.
/// </remarks>
internal sealed partial class ItemSession(ItemRow item, Claim.Taken claim, SessionTools tools, ILogger logger, CancellationToken stopping)
    : IAsyncDisposable
{
    /// <summary>How long saving may take once the host wants to stop.</summary>
    private static readonly TimeSpan SaveLimit = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How often what was read is made durable, and the checkpoint moved: a crash repeats no more than the comparisons since.
    /// </summary>
    private static readonly TimeSpan CommitEvery = TimeSpan.FromSeconds(30);

    private readonly LeasedRow<CheckpointRow> _lease = claim.Lease;
    private readonly DateTimeOffset _began = tools.Time.GetUtcNow();
    private DateTimeOffset _committedAt = tools.Time.GetUtcNow();
    private ItemObservers? _observers;
    private ItemWindows? _windows;
    private int _readHere;

    public SessionState State { get; private set; }

    private CheckpointRow Row => _lease.Row;

    private bool ShouldStop => stopping.IsCancellationRequested || tools.Time.GetUtcNow() - _began >= tools.Settings.TimeBudget;

    /// <summary>Works until the item has ended, goes on later, or is lost.</summary>
    /// <exception cref="Exception">Not even the failure could be saved. The lease is given up where that is possible.</exception>
    public async Task RunAsync()
    {
        using var working = CancellationTokenSource.CreateLinkedTokenSource(stopping, _lease.Lost);
        try
        {
            while (State is SessionState.Claimed or SessionState.Reading or SessionState.Read)
            {
                State = await StepAsync(working.Token);
            }
        }
        catch (Exception exception) when (exception is LeaseLostException || _lease.Lost.IsCancellationRequested)
        {
            State = SessionState.Lost;
            LogLeaseLost(logger, item.Feed, item.ScopeKind, item.ScopeId);
        }
        catch
        {
            await TryReleaseAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _observers?.Dispose();
        await _lease.DisposeAsync();
    }

    private async Task<SessionState> StepAsync(CancellationToken cancellationToken)
    {
        try
        {
            return State switch
            {
                SessionState.Claimed => await PrepareAsync(cancellationToken),
                SessionState.Reading => await ReadNextAsync(cancellationToken),
                _ => await CompleteAsync(cancellationToken),
            };
        }
        catch (Exception exception) when (exception is not LeaseLostException && !_lease.Lost.IsCancellationRequested)
        {
            return await RecoverAsync(exception, cancellationToken);
        }
    }

    private async Task<SessionState> PrepareAsync(CancellationToken cancellationToken)
    {
        var gaps = Row.Gaps > 0 ? await tools.Gaps.OfScopeAsync(item.FeedOf, item.Scope, cancellationToken) : [];
        _windows = new ItemWindows(item, Row, gaps, tools.Settings, tools.Time.GetUtcNow());
        _observers = tools.Publisher.Begin(item, Row);
        await _observers.PrepareAsync(cancellationToken);
        return SessionState.Reading;
    }

    private async Task<SessionState> ReadNextAsync(CancellationToken cancellationToken)
    {
        if (_windows!.Next() is not { } next)
        {
            return SessionState.Read;
        }

        if (_readHere > 0 && ShouldStop)
        {
            return await RescheduleAsync(TimeSpan.Zero, null, null);
        }

        using var observed = _observers!.BeginWindow(next.Window);
        var task = new WindowTask(item, _lease, next.Window, claim.Resumes, _windows.MayHalve, next.IsHalf, observed)
        {
            Since = _began,
            ShouldStop = () => ShouldStop,
            IsGap = (count, records) => _windows.IsGap(next.Window, count, records),
        };
        switch (await tools.Crawler.CrawlAsync(task, cancellationToken))
        {
            case CrawlOutcome.Suspended:
                return await RescheduleAsync(TimeSpan.Zero, null, null);
            case CrawlOutcome.Halved halved:
                _windows.Add(WindowResult.HalvedWindow(next.Window, halved.Count));
                return SessionState.Reading;
            case CrawlOutcome.Stored stored:
                await observed.StoredAsync(stored.Window, cancellationToken);
                Report(_windows.Add(stored.Window.Result));
                _readHere++;
                break;
        }

        if (tools.Time.GetUtcNow() - _committedAt >= CommitEvery && _windows.Next() is not null)
        {
            await CommitAsync(cancellationToken);
            await tools.Writer.SaveAsync(item, cancellationToken);
            await SaveRowAsync(_lease.SaveAsync, cancellationToken);
        }

        return SessionState.Reading;
    }

    private async Task<SessionState> CompleteAsync(CancellationToken cancellationToken)
    {
        await CheckHalvesAsync(cancellationToken);
        await CommitAsync(cancellationToken);
        await _observers!.CompleteAsync(cancellationToken);
        var unproven = _windows!.Unproven;
        Row.DeepReadAt = item.DeepFrom is null ? Row.DeepReadAt : tools.Time.GetUtcNow();
        RetireIfOver(unproven is not null);
        return await EndAsync(unproven is null ? ItemState.Succeeded : ItemState.Unproven, null, unproven, cancellationToken);
    }

    /// <summary>
    /// The records of a window's halves have to be as many as those of the whole, by what Cube counts now where it had no clear count.
    /// </summary>
    private async Task CheckHalvesAsync(CancellationToken cancellationToken)
    {
        string? reason = null;
        foreach (var whole in _windows!.Halved.ToList())
        {
            var sum = _windows.Read.Where(result => whole.Window.Holds(result.Window)).Sum(result => result.Count ?? result.Records);
            if (
                whole.Count != sum
                && await tools.Source.CountAsync(item.FeedOf, item.Scope, whole.Window, cancellationToken) is var count
                && count != sum
            )
            {
                reason = $"Cube says {count} for {whole.Window.Name} and {sum} for its parts";
            }
        }

        _windows.NoteHalves(reason);
    }

    /// <summary>What is known is saved before anything says that the windows are done.</summary>
    private async Task CommitAsync(CancellationToken cancellationToken)
    {
        if (_windows is null || _observers is null)
        {
            return;
        }

        await _observers.CommitAsync(cancellationToken);
        item.WriteWindows(_windows.Results);
        item.Gaps = _windows.PassedGaps;
        if (_windows.ProvenThrough() is { } day)
        {
            Row.Advance(day);
        }

        _committedAt = tools.Time.GetUtcNow();
    }

    /// <summary>A campaign that left the list is retired once its last days are proven, look-back included.</summary>
    private void RetireIfOver(bool unproven)
    {
        if (Row.RetiredReason == CheckpointRow.NotFound)
        {
            // It answers again.
            Row.Revive();
        }

        if (
            !item.Listed
            && !unproven
            && item.Kind != RunKind.Manual
            && ItemRow.Day(Row.ListedOn) is { } listedOn
            && (!item.FeedOf.Dated || Row.ThroughDay >= listedOn.AddDays(tools.Settings.LookbackOf(item.FeedOf)))
        )
        {
            Row.Retire(CheckpointRow.Ended, tools.Time.GetUtcNow());
            LogRetired(logger, item.ScopeKind, item.ScopeId, item.Feed);
        }
    }

    /// <summary>Decides what becomes of the item after whatever was thrown.</summary>
    private async Task<SessionState> RecoverAsync(Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && stopping.IsCancellationRequested)
        {
            return await RescheduleAsync(TimeSpan.Zero, null, null);
        }

        if (exception is CubeException { Kind: CubeFailureKind.NotFound } && item.Scope.Kind == ScopeKind.Campaign)
        {
            if (Row.RetiredReason != CheckpointRow.NotFound)
            {
                LogNotFound(logger, item.ScopeId, item.Feed);
            }

            Row.Retire(CheckpointRow.NotFound, tools.Time.GetUtcNow());
            return await EndAsync(ItemState.Succeeded, nameof(CubeFailureKind.NotFound), exception.Message, cancellationToken);
        }

        var failure = ItemWriter.ToFailure(exception, cancellationToken);
        var kind = ItemWriter.KindOf(exception, failure);
        switch (tools.Writer.Decide(item, failure))
        {
            case Recovery.RetryAfter retry:
                item.History = retry.Next;
                return await RescheduleAsync(retry.Delay, kind, failure.Reason);
            case Recovery.SuspendUntil suspended:
                return await RescheduleAsync(suspended.Instant - tools.Time.GetUtcNow(), ItemWriter.Paused, failure.Reason);
            case Recovery.DeadLetter dead:
                await TryCommitAsync(cancellationToken);
                return await EndAsync(ItemState.Failed, kind, dead.Reason, cancellationToken);
            default:
                throw exception;
        }
    }

    private async Task<SessionState> EndAsync(ItemState state, string? reasonKind, string? reason, CancellationToken cancellationToken)
    {
        if (state != ItemState.Failed)
        {
            await CommitAsync(cancellationToken);
        }

        Row.WriteProgress(null);
        await tools.Writer.EndAsync(item, state, reasonKind, reason, cancellationToken);
        Row.Finished = item.Holder;
        await SaveRowAsync(_lease.ReleaseAsync, cancellationToken);
        return SessionState.Ended;
    }

    /// <summary>Saves what is done, gives the lease up and notifies a worker: the next claim goes on from there.</summary>
    private async Task<SessionState> RescheduleAsync(TimeSpan delay, string? reasonKind, string? reason)
    {
        // Not the caller's token: it may be cancelled already, and what was read must be saved.
        using var limit = new CancellationTokenSource(SaveLimit, tools.Time);
        await TryCommitAsync(limit.Token);
        await tools.Writer.RescheduleAsync(item, delay, reasonKind, reason, limit.Token);
        await SaveRowAsync(_lease.ReleaseAsync, limit.Token);
        await tools.Writer.NotifyAsync(item, delay, limit.Token);
        return SessionState.Rescheduled;
    }

    /// <summary>
    /// Commits what can be committed. What cannot is compared again by the next claim: the manifests of its windows are there.
    /// </summary>
    private async Task TryCommitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await CommitAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not LeaseLostException)
        {
            LogNotCommitted(logger, item.Feed, item.ScopeKind, item.ScopeId, ErrorInfo.From(exception));
        }
    }

    /// <summary>Saves the checkpoint's row and the gaps in one step. A gap that a person has accepted meanwhile stays as it is.</summary>
    private async Task SaveRowAsync(
        Func<IReadOnlyList<RowWrite>, CancellationToken, Task<BatchOutcome>> saveAsync,
        CancellationToken cancellationToken
    )
    {
        var writes = _windows?.TakeGapWrites() ?? [];
        while (writes.Count >= OptimisticTable.MaxBatch)
        {
            var some = writes[..(OptimisticTable.MaxBatch - 1)];
            writes.RemoveRange(0, some.Count);
            await SaveRowAsync(some, _lease.SaveAsync, cancellationToken);
        }

        await SaveRowAsync(writes, saveAsync, cancellationToken);
    }

    private static async Task SaveRowAsync(
        List<RowWrite> gaps,
        Func<IReadOnlyList<RowWrite>, CancellationToken, Task<BatchOutcome>> saveAsync,
        CancellationToken cancellationToken
    )
    {
        while (await saveAsync(gaps, cancellationToken) is { Outcome: not StorageOutcome.Saved, Row: { } changed })
        {
            gaps.RemoveAll(write => ReferenceEquals(write.Row, changed));
        }
    }

    private async Task TryReleaseAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(SaveLimit, tools.Time);
            await _lease.ReleaseAsync(limit.Token);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The lease ends by itself.
            LogNotCommitted(logger, item.Feed, item.ScopeKind, item.ScopeId, ErrorInfo.From(exception));
        }
    }

    private void Report(GapRow? opened)
    {
        if (opened is not null)
        {
            LogGap(logger, item.Feed, item.ScopeKind, item.ScopeId, opened.Day?.Iso() ?? "the list", opened.Reason);
        }
    }

    [LoggerMessage(122, LogLevel.Information, "{ScopeKind} {ScopeId} has ended and its last days are proven: {Feed} is retired")]
    private static partial void LogRetired(ILogger logger, string scopeKind, string scopeId, string feed);

    [LoggerMessage(123, LogLevel.Warning, "Campaign {ScopeId} answers 404: {Feed} is retired")]
    private static partial void LogNotFound(ILogger logger, string scopeId, string feed);

    [LoggerMessage(124, LogLevel.Warning, "{Feed} of {ScopeKind} {ScopeId}: the lease was lost to another worker")]
    private static partial void LogLeaseLost(ILogger logger, string feed, string scopeKind, string scopeId);

    [LoggerMessage(125, LogLevel.Warning, "{Feed} of {ScopeKind} {ScopeId}: not saved at the end of a claim: {Error}")]
    private static partial void LogNotCommitted(ILogger logger, string feed, string scopeKind, string scopeId, ErrorInfo error);

    [LoggerMessage(126, LogLevel.Error, "{Feed} of {ScopeKind} {ScopeId}: {Day} has been short for a day ({Reason}) and is kept as a gap")]
    private static partial void LogGap(ILogger logger, string feed, string scopeKind, string scopeId, string day, string reason);
}
