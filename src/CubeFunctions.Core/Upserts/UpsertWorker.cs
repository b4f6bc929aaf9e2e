using System.Diagnostics;
using Azure;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Upserts;

/// <summary>Delivers a customer's mail: merges the events that wait into his mailbox, writes what is newest to Cube, ends the events.</summary>
public sealed partial class UpsertWorker(
    UpsertStore store, CustomerWriter writer, WriteSwitch writes, UpsertNotifier waker, UpsertSettings settings, SyncSettings sync, TimeProvider time, ILogger<UpsertWorker> logger)
{
    /// <summary>The trace source of the upserts lane.</summary>
    public const string TraceSource = "CubeFunctions.Upserts";

    private static readonly ActivitySource Traces = new(TraceSource);
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromHours(1);

    /// <summary>Queues count whole seconds: a message may come so much before its time.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(2);

    /// <summary>How long deliveries of a customer may fail before his events are dead.</summary>
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromHours(48);

    /// <summary>The shortest lease: a write to Cube takes seconds.</summary>
    private static readonly TimeSpan ShortestLease = TimeSpan.FromSeconds(10);

    private readonly CustomerTurns _turns = new();

    /// <summary>Handles a message of <c>cube-upserts</c>. Messages may repeat and come late.</summary>
    /// <exception cref="FormatException">It is no message of ours.</exception>
    /// <exception cref="RequestFailedException">Storage failed; the message should come again.</exception>
    public async Task HandleAsync(string message, CancellationToken cancellationToken)
    {
        var parsed = UpsertMessage.Parse(message);
        if (!_turns.TryBegin(parsed.Customer))
        {
            return;
        }

        using var activity = Traces.StartActivity("deliver upserts", ActivityKind.Consumer, parsed.Traceparent);
        var looksAgain = false;
        try
        {
            do
            {
                while (await TryHandleAsync(parsed, cancellationToken) is false)
                {
                    // Another process has changed the mailbox: look again.
                }

                (parsed, looksAgain) = (parsed with { Event = null }, true);
            }
            while (_turns.EndOrGoOn(parsed.Customer));
        }
        catch
        {
            // The message comes again, for its own event; those whose messages were taken for done need one of their own.
            if (_turns.Abandon(parsed.Customer) || looksAgain)
            {
                await waker.WakeAsync(parsed.Customer, null, FirstDelay, CancellationToken.None);
            }

            throw;
        }
    }

    /// <summary>Handles a message that failed too often: the events end as dead, with the reason.</summary>
    public async Task HandlePoisonAsync(string message, CancellationToken cancellationToken)
    {
        CubeMetrics.Poison.Add(1, new KeyValuePair<string, object?>("queue", StorageNames.UpsertsQueue));
        try
        {
            var events = await store.WaitingOfAsync(UpsertMessage.Parse(message).Customer, cancellationToken);
            await EndAsync(
                events.Select(row => new UpsertEnd(
                    row, UpsertState.Dead, row.Reason is { Length: > 0 } last ? $"its message failed too often; last: {last}" : "its message failed too often")),
                cancellationToken);
        }
        catch (FormatException exception)
        {
            LogUnreadable(logger, exception.Message);
        }
    }

    /// <returns>False when the mailbox changed under our hands.</returns>
    private async Task<bool> TryHandleAsync(UpsertMessage message, CancellationToken cancellationToken)
    {
        var customer = message.Customer;
        if (message.Event is { } key && await store.FindAsync(customer, key, cancellationToken) is not { UpsertState: UpsertState.Waiting })
        {
            // Went with an earlier message's delivery: each takes all that waits.
            return true;
        }

        var mailbox = await store.FindMailboxAsync(customer, cancellationToken);
        var now = time.GetUtcNow();
        if (mailbox?.LeaseUntil > now)
        {
            await waker.WakeAsync(customer, message.Event, Least(mailbox.LeaseUntil.Value - now, FirstDelay), cancellationToken);
            return true;
        }

        if (mailbox?.Content.WakeAt > now + Early)
        {
            // Put off; another message comes when it is time.
            return true;
        }

        var events = await store.WaitingOfAsync(customer, cancellationToken);
        if (events.Count == 0 && mailbox is not { Content.HasPending: true })
        {
            return true;
        }

        if (await writes.OffUntilAsync(cancellationToken) is not null)
        {
            // The sweeper wakes all that wait when the tenant may be asked again.
            return true;
        }

        mailbox ??= MailboxRow.New(events[0]);
        var (holder, until) = (Guid.NewGuid().ToString("N"), now + Lease);
        foreach (var row in events)
        {
            await MergeAsync(mailbox, row, cancellationToken);
        }

        mailbox.Content.GiveWay();

        // Noted before it is sent: who reads a snapshot meanwhile must know what may be an echo.
        mailbox.Content.Sending(mailbox.Content.Outgoing(MapOf), until);
        try
        {
            if (!await store.TrySaveAsync(mailbox, holder, until, cancellationToken))
            {
                return false;
            }
        }
        catch (MailboxTooLargeException exception)
        {
            await EndAsync(events.Select(row => new UpsertEnd(row, UpsertState.Dead, exception.Message)), cancellationToken);
            return true;
        }

        // Ends before the lease does: two who write the same customer could write older after newer.
        using var limit = new CancellationTokenSource(Lease * 0.8, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await DeliverAsync(mailbox, events, holder, until, either.Token, cancellationToken);
        return true;
    }

    private TimeSpan Lease => sync.Lease > ShortestLease ? sync.Lease : ShortestLease;

    private async Task MergeAsync(MailboxRow mailbox, UpsertRow row, CancellationToken cancellationToken)
    {
        var values = await store.ValuesAsync(row, cancellationToken);
        var constants = values.Count > 0 ? MapOf(row.Sender)?.Constants ?? [] : [];
        mailbox.Content.Merge(row.Sender, row.EventTime, row.RowKey, values.Concat(constants));
    }

    private async Task DeliverAsync(MailboxRow mailbox, List<UpsertRow> events, string holder, DateTimeOffset until, CancellationToken working, CancellationToken stopping)
    {
        var delivered = new HashSet<string>(StringComparer.Ordinal);
        var dead = new Dictionary<string, string>(StringComparer.Ordinal);
        TimeSpan? again = null;
        mailbox.Content.Reason = null;
        try
        {
            for (var outgoing = mailbox.Content.Outgoing(MapOf); outgoing.Count > 0; outgoing = mailbox.Content.Outgoing(MapOf))
            {
                var fields = outgoing.ToDictionary(field => field.Key, field => field.Value.Json);
                var outcome = await writer.WriteAsync(mailbox, fields, () => SaveAsync(mailbox, holder, until, working), working);
                switch (outcome)
                {
                    case WriteOutcome.Written written:
                        writes.Taken();
                        mailbox.Content.Delivered(outgoing);
                        mailbox.Content.Taken(outgoing.Select(field => KeyValuePair.Create(field.Key, field.Value.Json)).Concat(written.Fields), time.GetUtcNow());
                        delivered.UnionWith(outgoing.Values.SelectMany(field => field.Events));
                        continue;
                    case WriteOutcome.Refused refused:
                        Refuse(mailbox, outgoing, refused, dead);
                        continue;
                    case WriteOutcome.Waits waits:
                        mailbox.Content.Reason = waits.Reason;
                        break;
                    case WriteOutcome.NotAvailable { MayBeOne: true } one when writes.WereTaken:
                        // Cube takes writes, and says of this one that there is no such place.
                        Refuse(mailbox, outgoing, new WriteOutcome.Refused(one.Reason, new Dictionary<string, string>()), dead);
                        continue;
                    case WriteOutcome.NotAvailable off:
                        LogOff(logger, off.Reason);
                        await writes.OffAsync(working);
                        mailbox.Content.Reason = $"writes are not enabled on this tenant ({off.Reason})";
                        break;
                }

                break;
            }

            if (mailbox.Content.HasPending)
            {
                mailbox.Content.Reason ??= "waits for the other parts of a joined field";
            }
        }
        catch (MailboxTakenOverException)
        {
            // Somebody else delivers: nothing may be sent, and what is in the mailbox now is his.
            return;
        }
        catch (CubeException exception)
        {
            again = PutOff(mailbox, exception.Message, exception.RetryAfter, events, dead);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            again = PutOff(mailbox, "Cube did not answer in time", null, events, dead);
        }

        await SettleAsync(mailbox, events, delivered, dead, again);
    }

    private async Task SaveAsync(MailboxRow mailbox, string holder, DateTimeOffset until, CancellationToken cancellationToken)
    {
        if (!await store.TrySaveAsync(mailbox, holder, until, cancellationToken))
        {
            throw new MailboxTakenOverException();
        }
    }

    /// <summary>Saves the mailbox, gives it back and ends its events, also when the host wants to stop.</summary>
    private async Task SettleAsync(MailboxRow mailbox, List<UpsertRow> events, HashSet<string> delivered, Dictionary<string, string> dead, TimeSpan? again)
    {
        var content = mailbox.Content;

        // What failed waits its time. What waits for a snapshot, for writes or for another part needs no message: it goes when that comes, or by the sweeper.
        content.WakeAt = again is { } wait ? time.GetUtcNow() + wait : null;
        using var limit = new CancellationTokenSource(Lease, time);
        if (delivered.Count > 0)
        {
            await store.NoteWrittenAsync(mailbox, limit.Token);
        }

        if (again is { } delay)
        {
            // Before the mailbox says until when it is put off: until then no other message counts.
            await waker.WakeAsync(mailbox.Customer, null, delay, limit.Token);
        }

        if (!await store.TrySaveAsync(mailbox, null, null, limit.Token))
        {
            // The lease ran out and somebody else took over: what is written is written again, with the same effect.
            return;
        }

        var pending = content.Entries.Where(entry => entry.Pending).Select(entry => entry.Event).ToHashSet();
        delivered.UnionWith(content.Written.Values.Select(written => written.Event));
        await EndAsync(
            events.Select(row => dead.TryGetValue(row.RowKey, out var reason) ? new UpsertEnd(row, UpsertState.Dead, reason)
                : pending.Contains(row.RowKey) ? new UpsertEnd(row, UpsertState.Waiting, content.Reason)
                : new UpsertEnd(row, delivered.Contains(row.RowKey) ? UpsertState.Delivered : UpsertState.Superseded, null)),
            limit.Token);
    }

    private void Refuse(MailboxRow mailbox, Dictionary<string, OutgoingField> outgoing, WriteOutcome.Refused refused, Dictionary<string, string> dead)
    {
        var named = outgoing.Where(field => refused.Fields.ContainsKey(field.Key)).ToList();
        foreach (var (field, sent) in named.Count > 0 ? named : [.. outgoing])
        {
            foreach (var key in sent.Events)
            {
                dead[key] = refused.Reason;
            }

            mailbox.Content.GiveUp(entry => entry.Field == field);
            mailbox.Content.NotTaken(field);
        }

        LogRefused(logger, mailbox.Customer[..8], named.Count > 0 ? named.Count : outgoing.Count);
    }

    private TimeSpan? PutOff(MailboxRow mailbox, string reason, TimeSpan? retryAfter, List<UpsertRow> events, Dictionary<string, string> dead)
    {
        var content = mailbox.Content;
        var now = time.GetUtcNow();
        content.FailingSince ??= now;
        if (now - content.FailingSince > GiveUpAfter)
        {
            foreach (var row in events)
            {
                dead[row.RowKey] = $"{reason}, for {GiveUpAfter.TotalHours:0} hours";
            }

            content.GiveUp(_ => true);
            (content.Failures, content.FailingSince) = (0, null);
            LogGivenUp(logger, mailbox.Customer[..8], events.Count, reason);
            return null;
        }

        var delay = Least(FirstDelay * Math.Pow(2, Math.Min(content.Failures, 12)), LongestDelay) * (0.8 + (0.4 * Random.Shared.NextDouble()));
        content.Failures++;
        content.Reason = reason;
        LogPutOff(logger, mailbox.Customer[..8], reason, (int)delay.TotalSeconds);
        return retryAfter > delay ? retryAfter.Value : delay;
    }

    /// <summary>Sets the states of events and counts those that ended; those that wait for what they waited for before stay as they are.</summary>
    private async Task EndAsync(IEnumerable<UpsertEnd> ends, CancellationToken cancellationToken)
    {
        var changed = ends.Where(end => end.State != UpsertState.Waiting || (end.Reason ?? "") != (end.Row.Reason ?? "")).ToList();
        await store.SetStatesAsync(changed, time.GetUtcNow(), cancellationToken);
        foreach (var end in changed.Where(end => end.State != UpsertState.Waiting))
        {
            var counter = end.State == UpsertState.Dead ? CubeMetrics.UpsertsDead : CubeMetrics.UpsertsDelivered;
            counter.Add(1, new KeyValuePair<string, object?>("sender", end.Row.Sender), new("state", end.State.ToString()));
        }
    }

    private FieldMap? MapOf(string sender) => settings.Senders.TryGetValue(sender, out var found) ? found.FieldMap : null;

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    [LoggerMessage(200, LogLevel.Warning, "Upserts of customer {Customer} put off for {Seconds} s: {Reason}")]
    private static partial void LogPutOff(ILogger logger, string customer, string reason, int seconds);

    [LoggerMessage(201, LogLevel.Error, "{Count} upserts of customer {Customer} are dead: {Reason}")]
    private static partial void LogGivenUp(ILogger logger, string customer, int count, string reason);

    [LoggerMessage(202, LogLevel.Error, "Cube refused {Count} fields of customer {Customer}: the reason is in the row of the upsert")]
    private static partial void LogRefused(ILogger logger, string customer, int count);

    [LoggerMessage(203, LogLevel.Error, "Writes are not enabled on this tenant; upserts are kept and tried again tomorrow: {Reason}")]
    private static partial void LogOff(ILogger logger, string reason);

    [LoggerMessage(204, LogLevel.Error, "A poison message of cube-upserts cannot be read: {Reason}")]
    private static partial void LogUnreadable(ILogger logger, string reason);
}
