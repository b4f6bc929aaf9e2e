using System.Text.Json;
using Azure.Data.Tables;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Erasure;

/// <summary>
/// Erasures that are asked for over the operations API: stored, then done in the background; those of crashed processes are taken up by the
/// janitor.
/// </summary>
/// <remarks>
/// The row holds state and counts, a blob in <c>cube-inbox</c> who it is about. The blob goes when everything else is erased: only then is
/// the row done. Order: report,
/// blob, done; a crash between two of them repeats the rest.
/// </remarks>
internal sealed partial class ErasureOrders(
    StorageClients storage,
    PersonEraser eraser,
    SyncSettings sync,
    RetentionSettings retention,
    TimeProvider time,
    ILogger<ErasureOrders> logger
) : IJanitorTask, IErasureRequests, IAsyncDisposable
{
    private static readonly RecoveryPolicy Policy = RecoveryPolicy.Exponential(TimeSpan.FromSeconds(10), TimeSpan.FromHours(1)) with
    {
        GiveUpAfter = TimeSpan.FromHours(48),
    };
    private readonly OptimisticTable _table = new(storage.Runs, storage.EnsureCreatedAsync);
    private readonly OptimisticBlobs _blobs = new(storage.Inbox);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _running = [];
    private int _disposed;

    /// <inheritdoc />
    public string Name => "erasures";

    /// <inheritdoc />
    public TimeSpan Interval => TimeSpan.Zero;

    /// <summary>Stores an erasure and begins it.</summary>
    /// <param name="order">Who it is about.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <returns>Its id.</returns>
    public async Task<string> SubmitAsync(ErasureOrder order, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var id = RunId.New(now);

        // The blob first: a row without one could never be done.
        await _blobs.CreateAsync(
            PathOf(id),
            BlobBody.Json(JsonSerializer.SerializeToUtf8Bytes(order, ErasureJson.Default.ErasureOrder)),
            cancellationToken
        );
        await _table.AddAsync(
            new ErasureRow
            {
                RowKey = id,
                CreatedAt = now,
                DueAt = now,
            },
            cancellationToken
        );
        Begin(id);
        return id;
    }

    /// <inheritdoc />
    public Task<string> RequestAsync(string assignmentId, string customerId, CancellationToken cancellationToken) =>
        SubmitAsync(new ErasureOrder { Assignment = assignmentId, Customer = customerId }, cancellationToken);

    /// <summary>An erasure by its id, or null.</summary>
    public Task<ErasureRow?> FindAsync(string id, CancellationToken cancellationToken) =>
        _table.FindOrRepairAsync(ErasureRow.Partition, id, RepairAsync, cancellationToken);

    /// <summary>Does what is due and nobody does, and removes rows that are older than the retention.</summary>
    public Task RunAsync(JanitorRound round, CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - TimeSpan.FromDays(retention.Days);
        var rows = _table.QueryOrRepairAsync(
            TableClient.CreateQueryFilter($"PartitionKey eq {ErasureRow.Partition}"),
            RepairAsync,
            cancellationToken
        );
        return round.EachAsync(
            rows,
            async (row, token) =>
            {
                if (row.IsOpen && (round.Force || row.DueAt <= time.GetUtcNow()))
                {
                    await DoAsync(row.RowKey, token);
                }
                else if (!row.IsOpen && row.CreatedAt < before)
                {
                    await _table.DeleteAsync(row, token);
                }
            },
            cancellationToken
        );
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            // The container knows it by two names.
            return;
        }

        await _stop.CancelAsync();
        Task[] running;
        lock (_gate)
        {
            running = [.. _running];
        }

        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    /// <summary>An erasure whose row cannot be read is begun again: a second time finds nothing, and none may be forgotten.</summary>
    private async Task<ErasureRow> RepairAsync(TableEntity garbled, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var row = new ErasureRow
        {
            RowKey = garbled.RowKey,
            CreatedAt = now,
            DueAt = now,
            Reason = "its row could not be read",
        };
        if (await _blobs.FindPropertiesAsync(PathOf(row.RowKey), cancellationToken) is null)
        {
            (row.State, row.CompletedAt, row.Reason) = (
                ErasureState.Failed,
                now,
                "its row could not be read, and whom it is about is not kept any more: it was done, or is to be asked for again"
            );
        }

        await _table.PutAsync(row, cancellationToken);
        return row;
    }

    private static string PathOf(string id) => ErasureFolder.Prefix + id;

    private void Begin(string id)
    {
        var task = Task.Run(() => DoAsync(id, _stop.Token), _stop.Token);
        lock (_gate)
        {
            _running.Add(task);
        }

        _ = task.ContinueWith(
            done =>
            {
                lock (_gate)
                {
                    _running.Remove(done);
                }
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
    }

    private async Task DoAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            if (await FindAsync(id, cancellationToken) is not { IsOpen: true } row || row.IsHeld(time.GetUtcNow()))
            {
                return;
            }

            await using var lease = await LeasedRow<ErasureRow>.TryAcquireAsync(
                _table,
                row,
                Guid.NewGuid().ToString("N"),
                sync.Lease,
                time,
                cancellationToken
            );
            if (lease is not null)
            {
                await DoAsync(lease, cancellationToken);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The janitor comes back to it.
            LogFailed(logger, id, ErrorInfo.From(exception));
        }
    }

    private async Task DoAsync(LeasedRow<ErasureRow> lease, CancellationToken cancellationToken)
    {
        using var working = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
        var row = lease.Row;
        try
        {
            if (row.State == ErasureState.Waiting)
            {
                var report = await EraseAsync(row, working.Token);
                (row.State, row.Reason, row.Report) = (
                    ErasureState.Erased,
                    null,
                    report is null ? null : JsonSerializer.Serialize(report, ErasureJson.Default.ErasureReport)
                );
                await lease.SaveAsync(working.Token);
            }

            await _blobs.DeleteAsync(PathOf(row.RowKey), default, working.Token);
            (row.State, row.CompletedAt) = (ErasureState.Done, time.GetUtcNow());
        }
        catch (Exception exception) when (exception is not LeaseLostException && !working.IsCancellationRequested)
        {
            var failure = exception is ErasureBusyException busy
                ? Failure.Transient(busy.Message)
                : StorageErrors.ToFailure(exception, working.Token);
            var now = time.GetUtcNow();
            row.Reason = failure.Reason;
            switch (
                Recoverability.Decide(Policy, failure, new FailureHistory(row.Attempts, row.FailingSince), now, Random.Shared.NextDouble())
            )
            {
                case Recovery.RetryAfter retry:
                    (row.Attempts, row.FailingSince, row.DueAt) = (retry.Next.Attempts, retry.Next.FailingSince, now + retry.Delay);
                    break;
                case Recovery.SuspendUntil suspend:
                    row.DueAt = suspend.Instant;
                    break;
                default:
                    (row.State, row.CompletedAt) = (ErasureState.Failed, now);
                    break;
            }

            LogNotDone(logger, row.RowKey, row.State, failure.Reason);
        }

        await lease.ReleaseAsync(cancellationToken);
    }

    private async Task<ErasureReport?> EraseAsync(ErasureRow row, CancellationToken cancellationToken)
    {
        var stored = await _blobs.FindAsync(PathOf(row.RowKey), cancellationToken);
        return stored?.Data is { } data && JsonSerializer.Deserialize(data.ToMemory().Span, ErasureJson.Default.ErasureOrder) is { } order
            ? await eraser.EraseAsync(order.Assignment!, order.Customer!, cancellationToken)
            : throw new InvalidDataException("who the erasure is about is gone: ask for it again");
    }

    [LoggerMessage(350, LogLevel.Error, "Erasure {ErasureId} could not be done, and is tried again: {Error}")]
    private static partial void LogFailed(ILogger logger, string erasureId, ErrorInfo error);

    [LoggerMessage(351, LogLevel.Warning, "Erasure {ErasureId} is not done ({State}): {Reason}")]
    private static partial void LogNotDone(ILogger logger, string erasureId, ErasureState state, string reason);
}
