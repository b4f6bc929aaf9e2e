using System.Diagnostics.CodeAnalysis;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Delivery;

/// <summary>
/// Delivers the streams' changes to the receiver: one worker a stream at a time, in order, at least once, for up to 48 hours of trouble.
/// </summary>
public sealed partial class DeliveryWorker(
    DeliveryStore store,
    DeliverySources sources,
    [FromKeyedServices(ReceiverFlag.Name)] SharedFlag pause,
    QueueNotifier<ChangeMessage> notifier,
    PoisonHandler poison,
    DeliverySettings settings,
    ILogger<DeliveryWorker> logger
)
{
    private static readonly TimeSpan SaveLimit = TimeSpan.FromSeconds(20);

    /// <summary>Queues count whole seconds: a message may come so much before its time.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(2);

    /// <summary>How long a message waits whose stream another worker holds.</summary>
    private static readonly TimeSpan BusyDelay = TimeSpan.FromSeconds(10);
    private static readonly RecoveryPolicy Policy = RecoveryPolicy.Exponential(TimeSpan.FromSeconds(2), TimeSpan.FromHours(1)) with
    {
        GiveUpAfter = TimeSpan.FromHours(48),
    };

    /// <summary>Handles a message of <c>cube-changes</c>. Messages may repeat and come late.</summary>
    /// <exception cref="FormatException">It is no message of ours.</exception>
    /// <exception cref="Azure.RequestFailedException">Storage failed; the message should come again.</exception>
    public async Task HandleAsync(string message, CancellationToken cancellationToken)
    {
        var parsed = QueueMessages.Read<ChangeMessage>(message);
        using var span = MessageSpans.StartProcess(parsed);
        span?.SetTag("cube.stream", parsed.Stream);
        await DeliverAsync(parsed.Stream, cancellationToken);
    }

    /// <summary>Handles a message that was delivered too often: it counts as an unforeseen failure of the delivery in front.</summary>
    public Task HandlePoisonAsync(string message, CancellationToken cancellationToken) =>
        poison.HandleAsync<ChangeMessage>(
            message,
            async (parsed, token) =>
            {
                if (await TryAcquireAsync(parsed.Stream, isDue: true, token) is not { } lease)
                {
                    return;
                }

                await using (lease)
                {
                    var first = First(await store.OpenAsync(parsed.Stream, token));
                    await RecoverAsync(
                        lease,
                        first,
                        new Failure(
                            FailureKind.Unexpected,
                            first?.Reason is { Length: > 0 } last
                                ? $"its message failed too often; last: {last}"
                                : "its message failed too often"
                        )
                    );
                }
            },
            cancellationToken
        );

    /// <summary>Delivers what a stream has, unless another worker holds it or it is not time yet.</summary>
    internal async Task DeliverAsync(string stream, CancellationToken cancellationToken)
    {
        if (settings.Crm is null)
        {
            // The rows wait until there is a receiver again.
            return;
        }

        if (await pause.GetAsync(cancellationToken) is { } flag)
        {
            if (!flag.UntilLifted)
            {
                await notifier.SendAsync(ChangeMessage.Create(stream), flag.Until - sources.Time.GetUtcNow(), cancellationToken);
            }
        }
        else if (await TryAcquireAsync(stream, isDue: false, cancellationToken) is { } lease)
        {
            await using (lease)
            {
                await WorkAsync(lease, cancellationToken);
            }
        }
    }

    /// <summary>
    /// Takes the stream's lease. Where that cannot be had, or it is not time yet, another message comes or has been sent.
    /// </summary>
    private async Task<LeasedRow<DeliveryStreamRow>?> TryAcquireAsync(string stream, bool isDue, CancellationToken cancellationToken)
    {
        var now = sources.Time.GetUtcNow();
        var row = await store.FindStreamAsync(stream, cancellationToken) ?? new DeliveryStreamRow { PartitionKey = stream };
        if (row.IsHeld(now))
        {
            // The worker that has it may have looked before the row that this message is about was there.
            var left = row.LeaseUntil!.Value - now;
            await notifier.SendAsync(ChangeMessage.Create(stream), left < BusyDelay ? left : BusyDelay, cancellationToken);
            return null;
        }

        if (!isDue && row.LeaseHolder is null && row.WakeAt > now + Early)
        {
            // Rescheduled; another message comes when it is time.
            return null;
        }

        var lease = await LeasedRow<DeliveryStreamRow>.TryAcquireAsync(
            store.Table,
            row,
            Guid.NewGuid().ToString("N"),
            sources.Receiver.Lease,
            sources.Time,
            cancellationToken
        );
        if (lease is null)
        {
            await notifier.SendAsync(ChangeMessage.Create(stream), TimeSpan.FromSeconds(1), cancellationToken);
        }

        return lease;
    }

    [SuppressMessage("Design", "CA1031", Justification = "The last barrier around a stream: whatever is thrown is counted in its row.")]
    private async Task WorkAsync(LeasedRow<DeliveryStreamRow> lease, CancellationToken stopping)
    {
        var stream = lease.Row.PartitionKey;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, lease.Lost);
        DeliverySession? session = null;
        try
        {
            var (deadline, isDone) = (sources.Deadline, true);
            var seen = new HashSet<string>(StringComparer.Ordinal);

            // Once more where something came meanwhile: its own message finds the lease taken, and waits.
            for (
                var rows = await store.OpenAsync(stream, either.Token);
                isDone && rows.Exists(row => seen.Add(row.RowKey));
                rows = await store.OpenAsync(stream, either.Token)
            )
            {
                rows.ForEach(row => seen.Add(row.RowKey));
                session = new DeliverySession(lease, rows, sources, deadline);
                isDone = await session.DeliverAsync(either.Token);
            }

            lease.Row.Recover();
            await ReleaseAsync(lease, isDone ? null : TimeSpan.Zero);
        }
        catch (Exception exception)
            when (exception is LeaseLostException
                || (exception is OperationCanceledException && lease.Lost.IsCancellationRequested && !stopping.IsCancellationRequested)
            )
        {
            await notifier.SendAsync(ChangeMessage.Create(stream), sources.Receiver.Lease, stopping);
        }
        catch (Exception exception)
            when (exception is RowsChangedException || (exception is OperationCanceledException && stopping.IsCancellationRequested))
        {
            await ReleaseAsync(lease, TimeSpan.Zero);
        }
        catch (CrmException exception)
        {
            await RecoverAsync(lease, session!.Current, FailureOf(exception));
        }
        catch (Exception exception)
        {
            LogFailed(logger, stream, ErrorInfo.From(exception));
            await RecoverAsync(lease, session?.Current, StorageErrors.ToFailure(exception, either.Token));
        }
    }

    private static Failure FailureOf(CrmException exception) =>
        exception.Kind == CrmFailureKind.Gone
            ? Failure.Suspended($"{exception.Message} (gone): nothing is sent before 'replay changes'", DateTimeOffset.MaxValue)
            : Failure.Transient(exception.Message, exception.RetryAfter);

    /// <summary>Decides what becomes of the delivery that failed, saves it with the stream, and gives the lease up.</summary>
    private async Task RecoverAsync(LeasedRow<DeliveryStreamRow> lease, DeliveryRow? row, Failure failure)
    {
        var now = sources.Time.GetUtcNow();
        using var limit = new CancellationTokenSource(SaveLimit, TimeProvider.System);
        if (row is not null)
        {
            row.Reason = failure.Reason;
        }

        TimeSpan? again = null;
        switch (Recoverability.Decide(Policy, failure, lease.Row.History, now, Random.Shared.NextDouble()))
        {
            case Recovery.RetryAfter retry:
                again = retry.Delay;
                (lease.Row.Failures, lease.Row.FailingSince, lease.Row.WakeAt) = (
                    retry.Next.Attempts,
                    retry.Next.FailingSince,
                    now + retry.Delay
                );
                if (failure.RetryAfter is not null)
                {
                    await pause.ExtendAsync(now + retry.Delay, failure.Reason, null, limit.Token);
                }

                LogRescheduled(logger, lease.Row.PartitionKey, (int)retry.Delay.TotalSeconds, failure.Reason);
                break;
            case Recovery.SuspendUntil suspended:
                await pause.ExtendAsync(suspended.Instant, failure.Reason, null, limit.Token);
                CubeMetrics.ChangesUndelivered.Add(
                    (row?.Changes - row?.Done) ?? 0,
                    new KeyValuePair<string, object?>("reason", nameof(CrmFailureKind.Gone))
                );
                LogGone(logger);
                break;
            case Recovery.DeadLetter dead:
                again = TimeSpan.Zero;
                lease.Row.Recover();
                GiveUp(row, dead.Reason, now);
                break;
        }

        await ReleaseAsync(lease, again, row);
    }

    /// <summary>
    /// Saves, gives the lease up, and has the stream tried again after a delay; null where nothing is to be done before something happens.
    /// </summary>
    private async Task ReleaseAsync(LeasedRow<DeliveryStreamRow> lease, TimeSpan? again, DeliveryRow? row = null)
    {
        // Not the caller's token: it may be cancelled already, and what was delivered must be saved.
        using var limit = new CancellationTokenSource(SaveLimit, TimeProvider.System);
        var stream = lease.Row.PartitionKey;
        try
        {
            if (row is null || (await lease.ReleaseAsync([RowWrite.Replace(row)], limit.Token)).Outcome != StorageOutcome.Saved)
            {
                await lease.ReleaseAsync(limit.Token);
            }
        }
        catch (LeaseLostException)
        {
            again = sources.Receiver.Lease;
        }

        if (again is { } delay)
        {
            await notifier.SendAsync(ChangeMessage.Create(stream), delay, limit.Token);
        }
    }

    /// <summary>What a session begins with: a single change that may go, or else the file in front.</summary>
    private static DeliveryRow? First(List<DeliveryRow> rows) =>
        rows.Where(row => !row.IsFile)
            .GroupBy(row => row.Customer)
            .Select(changes => changes.First())
            .Append(rows.Find(row => row.IsFile))
            .FirstOrDefault(row => row?.State == DeliveryState.Waiting);

    private void GiveUp(DeliveryRow? row, string reason, DateTimeOffset now)
    {
        if (row is null)
        {
            return;
        }

        (row.State, row.Reason, row.CompletedAt) = (DeliveryState.Dead, reason, now);
        CubeMetrics.ChangesUndelivered.Add(
            Math.Max(row.Changes - row.Done, 1),
            new KeyValuePair<string, object?>("reason", nameof(DeliveryState.Dead))
        );
        LogGivenUp(logger, row.PartitionKey, row.Changes - row.Done, reason);
    }

    [LoggerMessage(320, LogLevel.Warning, "Changes of {Stream} rescheduled after {Seconds} s: {Reason}")]
    private static partial void LogRescheduled(ILogger logger, string stream, int seconds, string reason);

    [LoggerMessage(321, LogLevel.Error, "{Count} changes of {Stream} were not delivered: {Reason}")]
    private static partial void LogGivenUp(ILogger logger, string stream, int count, string reason);

    [LoggerMessage(322, LogLevel.Error, "The receiver of changes answered 410: nothing is sent before 'replay changes'")]
    private static partial void LogGone(ILogger logger);

    [LoggerMessage(323, LogLevel.Error, "Delivery of {Stream} failed: {Error}")]
    private static partial void LogFailed(ILogger logger, string stream, ErrorInfo error);
}
