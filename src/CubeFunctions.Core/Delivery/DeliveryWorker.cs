using System.Diagnostics;
using Azure;
using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Delivery;

/// <summary>Delivers the streams' changes to the receiver: one worker a stream at a time, in order, at least once, for up to 48 hours of trouble.</summary>
public sealed partial class DeliveryWorker(
    DeliveryStore store, ChangeStore files, ChangeBody bodies, CrmReceiver receiver, ReceiverPause pause, DeliveryNotifier waker, Pseudonyms pseudonyms, DeliverySettings settings,
    SyncSettings sync, TimeProvider time, ILogger<DeliveryWorker> logger)
{
    /// <summary>The trace source of the changes lane.</summary>
    public const string TraceSource = "CubeFunctions.Changes";

    private static readonly ActivitySource Traces = new(TraceSource);
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromHours(1);
    private static readonly TimeSpan SaveLimit = TimeSpan.FromSeconds(20);

    /// <summary>Queues count whole seconds: a message may come so much before its time.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(2);

    /// <summary>How long deliveries of a stream may fail before the one in front is dead.</summary>
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromHours(48);

    /// <summary>Handles a message of <c>cube-changes</c>. Messages may repeat and come late.</summary>
    /// <exception cref="FormatException">It is no message of ours.</exception>
    /// <exception cref="RequestFailedException">Storage failed; the message should come again.</exception>
    public async Task HandleAsync(string message, CancellationToken cancellationToken)
    {
        var parsed = ChangeMessage.Parse(message);
        using var activity = Traces.StartActivity("deliver changes", ActivityKind.Consumer, parsed.Traceparent);
        await DeliverAsync(parsed.Stream, cancellationToken);
    }

    /// <summary>Handles a message that failed too often: the delivery in front ends as dead, with the reason.</summary>
    public async Task HandlePoisonAsync(string message, CancellationToken cancellationToken)
    {
        CubeMetrics.Poison.Add(1, new KeyValuePair<string, object?>("queue", StorageNames.ChangesQueue));
        try
        {
            var stream = ChangeMessage.Parse(message).Stream;
            if (First(await store.OpenOfAsync(stream, cancellationToken)) is { } first)
            {
                GiveUp(first, first.Reason is { Length: > 0 } last ? $"its message failed too often; last: {last}" : "its message failed too often");
                await store.TrySaveAsync(first, cancellationToken);
            }
        }
        catch (FormatException exception)
        {
            LogUnreadable(logger, exception.Message);
        }
    }

    /// <summary>Delivers what a stream has, unless it is somebody else's or not time yet.</summary>
    internal async Task DeliverAsync(string name, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (settings.Crm is null)
        {
            // The rows wait until there is a receiver again.
            return;
        }

        if (await pause.UntilAsync(cancellationToken) is { } until)
        {
            if (until < DateTimeOffset.MaxValue)
            {
                await waker.WakeAsync(name, until - now, cancellationToken);
            }

            return;
        }

        var stream = await store.FindStreamAsync(name, cancellationToken) ?? new DeliveryStreamRow { PartitionKey = name };
        if (stream.WakeAt > now + Early && stream.LeaseUntil is null)
        {
            // Put off; another message comes when it is time.
            return;
        }

        if (stream.LeaseUntil > now)
        {
            // Whoever has it may have looked before the row that this message is about was there.
            await waker.WakeAsync(name, Least(stream.LeaseUntil.Value - now, TimeSpan.FromSeconds(10)), cancellationToken);
            return;
        }

        (stream.LeaseHolder, stream.LeaseUntil) = (Guid.NewGuid().ToString("N"), now + receiver.Lease);
        if (await store.TrySaveAsync(stream, cancellationToken))
        {
            await WorkAsync(stream, cancellationToken);
        }
        else
        {
            await waker.WakeAsync(name, TimeSpan.FromSeconds(1), cancellationToken);
        }
    }

    private async Task WorkAsync(DeliveryStreamRow stream, CancellationToken cancellationToken)
    {
        TimeSpan? again = null;
        DeliverySession? session = null;
        try
        {
            var deadline = time.GetUtcNow() + sync.TimeBudget;
            var known = new HashSet<string>(StringComparer.Ordinal);

            // Once more where something came meanwhile: its own message finds the lease taken, and waits.
            for (var rows = await OpenAsync(); again is null && rows.Exists(row => !known.Contains(row.RowKey)); rows = await OpenAsync())
            {
                known.UnionWith(rows.Select(row => row.RowKey));
                session = new DeliverySession(stream, rows, store, files, bodies, receiver, pseudonyms, deadline, time, logger);
                again = await session.DeliverAsync(cancellationToken) ? null : TimeSpan.Zero;
            }

            Task<List<DeliveryRow>> OpenAsync() => store.OpenOfAsync(stream.PartitionKey, cancellationToken);

            stream.Recover();
        }
        catch (CrmException exception)
        {
            again = await PutOffAsync(stream, session!.Current!, exception);
        }
        catch (DeliveryTakenOverException)
        {
            // Or it was our own save whose answer was lost: then nobody has the stream once the lease is over.
            await waker.WakeAsync(stream.PartitionKey, receiver.Lease, cancellationToken);
            return;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            again = TimeSpan.Zero;
        }
        catch
        {
            // Storage failed, as a rule; the message comes again before the lease ends by itself.
            await ReleaseAsync(stream);
            throw;
        }

        await ReleaseAsync(stream);
        if (again is { } delay)
        {
            using var limit = new CancellationTokenSource(SaveLimit, TimeProvider.System);
            await waker.WakeAsync(stream.PartitionKey, delay, limit.Token);
        }
    }

    private async Task ReleaseAsync(DeliveryStreamRow stream)
    {
        using var limit = new CancellationTokenSource(SaveLimit, TimeProvider.System);
        (stream.LeaseHolder, stream.LeaseUntil) = (null, null);
        await store.TrySaveAsync(stream, limit.Token);
    }

    /// <summary>Notes a failure at the delivery that met it.</summary>
    /// <returns>When to try again; null where nobody does before someone replays.</returns>
    private async Task<TimeSpan?> PutOffAsync(DeliveryStreamRow stream, DeliveryRow row, CrmException failure)
    {
        var now = time.GetUtcNow();
        using var limit = new CancellationTokenSource(SaveLimit, TimeProvider.System);
        if (failure.Kind == CrmFailureKind.Gone)
        {
            await pause.SetGoneAsync(limit.Token);
            row.Reason = $"{failure.Message} (gone): nothing is sent before 'replay changes'";
            await store.TrySaveAsync(row, limit.Token);
            CubeMetrics.ChangesUndelivered.Add(row.Changes - row.Done, new KeyValuePair<string, object?>("reason", failure.Kind.ToString()));
            LogGone(logger);
            return null;
        }

        stream.FailingSince ??= now;
        if (now - stream.FailingSince > GiveUpAfter)
        {
            GiveUp(row, $"{failure.Message}, for {GiveUpAfter.TotalHours:0} hours");
            await store.TrySaveAsync(row, limit.Token);
            stream.Recover();
            return null;
        }

        var delay = Least(FirstDelay * Math.Pow(2, Math.Min(stream.Failures, 12)), LongestDelay) * (0.8 + (0.4 * Random.Shared.NextDouble()));
        if (failure.RetryAfter is { } asked)
        {
            await pause.SetAsync(now + asked, limit.Token);
            delay = asked > delay ? asked : delay;
        }

        stream.Failures++;
        stream.WakeAt = now + delay;
        row.Reason = failure.Message;
        await store.TrySaveAsync(row, limit.Token);
        LogPutOff(logger, stream.PartitionKey, (int)delay.TotalSeconds, failure.Message);
        return delay;
    }

    /// <summary>What a session begins with: a single change that may go, or else the file in front.</summary>
    private static DeliveryRow? First(List<DeliveryRow> rows) =>
        rows.Where(row => !row.IsFile).GroupBy(row => row.Customer).Select(changes => changes.First()).Append(rows.Find(row => row.IsFile))
            .FirstOrDefault(row => row?.DeliveryState == DeliveryState.Waiting);

    private void GiveUp(DeliveryRow row, string reason)
    {
        (row.State, row.Reason, row.CompletedAt) = (nameof(DeliveryState.Dead), reason, time.GetUtcNow());
        CubeMetrics.ChangesUndelivered.Add(Math.Max(row.Changes - row.Done, 1), new KeyValuePair<string, object?>("reason", "Dead"));
        LogGivenUp(logger, row.PartitionKey, row.Changes - row.Done, reason);
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    [LoggerMessage(320, LogLevel.Warning, "Changes of {Stream} put off for {Seconds} s: {Reason}")]
    private static partial void LogPutOff(ILogger logger, string stream, int seconds, string reason);

    [LoggerMessage(321, LogLevel.Error, "{Count} changes of {Stream} were not delivered: {Reason}")]
    private static partial void LogGivenUp(ILogger logger, string stream, int count, string reason);

    [LoggerMessage(322, LogLevel.Error, "The receiver of changes answered 410: nothing is sent before 'replay changes'")]
    private static partial void LogGone(ILogger logger);

    [LoggerMessage(323, LogLevel.Error, "A poison message of cube-changes cannot be read: {Reason}")]
    private static partial void LogUnreadable(ILogger logger, string reason);
}
