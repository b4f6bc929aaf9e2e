using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>
/// One delivery of one customer: merges the pending events, takes the mailbox's lease, writes what is newest to Cube, saves what came
/// of it, ends the events. Five storage requests where nothing is in its way: events, mailbox, lease, release, states; four where the
/// mailbox is not read first, since it is taken to be new.
/// </summary>
/// <param name="tools">What all deliveries work with.</param>
/// <param name="erasures">Takes the requests of senders to erase a customer.</param>
/// <param name="customer">Partition of the customer.</param>
/// <param name="notifyAsync">Sends a message for a customer, after a delay.</param>
/// <param name="mayGuess">
/// Whether the mailbox may be taken to be new without a read, where those of the customers before were. The lease is taken by adding the
/// row, so a wrong guess changes nothing: the delivery is overtaken, and the next one reads.
/// </param>
internal sealed class DeliverySession(
    DeliveryTools tools,
    IErasureRequests erasures,
    string customer,
    Func<string, TimeSpan, CancellationToken, Task> notifyAsync,
    bool mayGuess
)
{
    private const string Erased = "deleted for privacy in the CRM: the customer is being erased here";
    private const string WaitsForParts = "waits for the other parts of a joined field";

    /// <summary>Queues count whole seconds: a message may come this much before its time.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(2);

    /// <summary>A held mailbox is looked at again after this long at the latest.</summary>
    private static readonly TimeSpan HeldDelay = TimeSpan.FromSeconds(10);

    private PendingEvents _pending = null!;
    private bool _isGuess;
    private readonly List<UpsertEnd> _unreadable = [];
    private string _waitsFor = WaitsForParts;
    private Failure? _failure;

    /// <summary>Whether a failure is about the customer alone, however long it lasts: no event dies of it before its age limit.</summary>
    private bool _customerWaits;

    public SessionState State { get; private set; }

    /// <summary>Delivers. Whatever is thrown leaves no lease behind while storage can be reached.</summary>
    public async Task<SessionState> RunAsync(CancellationToken cancellationToken)
    {
        var events = await tools.Store.PendingAsync(customer, cancellationToken);
        if (events.Count == 0)
        {
            return State = SessionState.Ended;
        }

        if (events.FindAll(row => row.Erases) is [{ CustomerId: { } id } first, ..] erasing)
        {
            // Stored before the event ends. What else waits of the customer is erased with all the rest.
            await erasures.RequestAsync(first.AssignmentId, id, cancellationToken);
            await tools.Store.EndAsync(erasing.Select(row => new UpsertEnd(row, UpsertState.Ignored, Erased)), cancellationToken);
            return State = SessionState.Ended;
        }

        var mailbox = await FindMailboxAsync(cancellationToken) ?? MailboxRow.New(events[0]);
        mailbox.Restore(events[0]);
        var now = tools.Time.GetUtcNow();
        if (mailbox.IsHeld(now))
        {
            var left = mailbox.LeaseUntil!.Value - now;
            await notifyAsync(customer, left < HeldDelay ? left : HeldDelay, cancellationToken);
            return State = SessionState.Rescheduled;
        }

        if (mailbox.Content.WakeAt > now + Early)
        {
            return State = SessionState.Rescheduled;
        }

        if (MergedRecords.HasWork(mailbox.Content, events))
        {
            await MergedRecords.CarryAsync(tools, mailbox, events, notifyAsync, cancellationToken);
            return State = SessionState.Overtaken;
        }

        if (await FindBarAsync(mailbox, cancellationToken) is { } reason)
        {
            await tools.Store.EndAsync(events.Select(row => new UpsertEnd(row, UpsertState.Waiting, reason)), cancellationToken);
            return State = SessionState.Waiting;
        }

        await MergeAsync(mailbox, events, cancellationToken);
        return State = await DeliverAsync(mailbox, cancellationToken);
    }

    /// <summary>The mailbox; null where there is none, or is taken to be none.</summary>
    private async Task<MailboxRow?> FindMailboxAsync(CancellationToken cancellationToken)
    {
        if (mayGuess && tools.ExpectsNew)
        {
            _isGuess = true;
            return null;
        }

        var found = await tools.Store.FindMailboxAsync(customer, cancellationToken);
        tools.ExpectsNew = found is null;
        return found;
    }

    /// <summary>Why nothing can go for now, or null.</summary>
    private async Task<string?> FindBarAsync(MailboxRow mailbox, CancellationToken cancellationToken) =>
        await tools.Writes.FindOffReasonAsync(cancellationToken)
        ?? await tools.Resolver.FindBarAsync(mailbox.AssignmentId, cancellationToken);

    private async Task MergeAsync(MailboxRow mailbox, List<UpsertRow> events, CancellationToken cancellationToken)
    {
        _pending = new PendingEvents(mailbox.Content, tools.MapOf);
        foreach (var row in events)
        {
            if (await tools.Store.ValuesAsync(row, cancellationToken) is { } values)
            {
                _pending.Add(row, values.Count > 0 ? values.Concat(tools.MapOf(row.Sender)?.Constants ?? []) : values);
            }
            else
            {
                _unreadable.Add(new UpsertEnd(row, UpsertState.Dead, "its values are gone"));
            }
        }
    }

    private async Task<SessionState> DeliverAsync(MailboxRow mailbox, CancellationToken cancellationToken)
    {
        var outgoing = _pending.Next(alone: false);
        if (outgoing.Count == 0 && !_pending.MemoryChanged)
        {
            if (_isGuess)
            {
                // What is remembered of the customer may say otherwise.
                return SessionState.Overtaken;
            }

            await EndAsync(_pending.Ends(_waitsFor), cancellationToken);
            return _pending.HasOpen ? SessionState.Waiting : SessionState.Ended;
        }

        // Noted before it is sent: a reader of a snapshot meanwhile must know what may be an echo.
        mailbox.Content.HasPending = true;
        mailbox.Content.NoteSending(outgoing, tools.Time.GetUtcNow() + tools.Lease);
        await using var lease = await tools.Store.TryAcquireAsync(mailbox, tools.Lease, cancellationToken);
        if (lease is null)
        {
            tools.ExpectsNew = false;
            return SessionState.Overtaken;
        }

        State = SessionState.Writing;
        try
        {
            await TryWriteAsync(lease, outgoing, cancellationToken);
            State = SessionState.Ending;
            await EndAsync(lease);
        }
        catch (LeaseLostException)
        {
            // Another worker has the mailbox and delivers; what was written is written again, with the same effect.
            return SessionState.Overtaken;
        }
        catch
        {
            await tools.ReleaseAsync(lease);
            throw;
        }

        return _pending.HasOpen ? SessionState.Waiting : SessionState.Ended;
    }

    private async Task TryWriteAsync(
        LeasedRow<MailboxRow> lease,
        Dictionary<string, OutgoingField> outgoing,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await WriteAsync(lease, outgoing, cancellationToken);
        }
        catch (CubeException exception)
        {
            _failure = Failure.Transient(exception.Message, exception.RetryAfter);
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested)
        {
            throw new LeaseLostException();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            _failure = Failure.Transient("Cube did not answer in time");
        }
    }

    private async Task WriteAsync(LeasedRow<MailboxRow> lease, Dictionary<string, OutgoingField> outgoing, CancellationToken stopping)
    {
        var mailbox = lease.Row;
        CustomerTarget? target = null;
        for (var alone = false; outgoing.Count > 0;)
        {
            // Ends before what was noted as the latest arrival.
            using var limit = new CancellationTokenSource(tools.Lease * 0.8, tools.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, lease.Lost, stopping);
            target ??= await tools.Resolver.ResolveAsync(mailbox, either.Token);
            switch (target)
            {
                case CustomerTarget.Unknown unknown:
                    _waitsFor = unknown.Reason;
                    return;
                case CustomerTarget.Impossible impossible:
                    Refuse(mailbox, outgoing, impossible.Reason, outgoing.Keys);
                    outgoing = _pending.Next(alone);
                    continue;
            }

            var fields = outgoing.ToDictionary(field => field.Key, field => field.Value.Json);
            switch (await tools.Writer.WriteAsync(mailbox, target, fields, () => lease.SaveAsync(either.Token), either.Token))
            {
                case WriteOutcome.Written written:
                    _pending.Confirm(outgoing);
                    mailbox.Uncompared = true;
                    mailbox.Content.NoteTaken(fields.Concat(written.Fields), tools.Time.GetUtcNow());
                    await tools.Writes.NoteTakenAsync(either.Token);

                    // A record that was just made is found by its id from now on.
                    target = target as CustomerTarget.Record;
                    break;
                case WriteOutcome.Refused refused when outgoing.Keys.Where(refused.Fields.ContainsKey).ToList() is { Count: > 0 } named:
                    named.ForEach(field => Refuse(mailbox, outgoing, refused.Fields[field], [field]));
                    break;
                case WriteOutcome.Refused refused when outgoing.Count == 1:
                    Refuse(mailbox, outgoing, refused.Reason, outgoing.Keys);
                    break;
                case WriteOutcome.Refused:
                    alone = true;
                    break;
                case WriteOutcome.NotAvailable off:
                    var reason = await tools.Writes.NoteNotAvailableAsync(customer, off.Reason, either.Token);
                    _waitsFor = reason ?? $"Cube does not take writes of this customer ({off.Reason})";
                    (_failure, _customerWaits) = (reason is null ? Failure.Transient(_waitsFor) : null, true);
                    return;
            }

            outgoing = _pending.Next(alone);
            if (outgoing.Count > 0)
            {
                mailbox.Content.NoteSending(outgoing, tools.Time.GetUtcNow() + tools.Lease);
                await lease.SaveAsync(stopping);
            }
        }
    }

    private static void Refuse(MailboxRow mailbox, Dictionary<string, OutgoingField> outgoing, string reason, IEnumerable<string> fields)
    {
        foreach (var field in fields.ToList())
        {
            PendingEvents.Refuse(outgoing[field], reason);
            mailbox.Content.NoteRefused(field);
        }
    }

    /// <summary>Saves the mailbox, releases it and ends its events, also when the host wants to stop.</summary>
    private async Task EndAsync(LeasedRow<MailboxRow> lease)
    {
        using var limit = new CancellationTokenSource(tools.Lease, tools.Time);
        var content = lease.Row.Content;
        var now = tools.Time.GetUtcNow();
        var ends = _pending.Ends(_failure?.Reason ?? _waitsFor);
        (content.WakeAt, content.Failures) = (null, _failure is null ? 0 : content.Failures);
        if (_failure is { } failure)
        {
            ends = ends.ConvertAll(end => end.State == UpsertState.Waiting ? Fail(end, failure, now) : end);
            var delay = Recoverability.Decide(DeliveryTools.Pace, failure, new(content.Failures, null), now, Random.Shared.NextDouble())
                is Recovery.RetryAfter retry
                ? retry.Delay
                : HeldDelay;
            content.Failures++;
            if (ends.Exists(end => end.State == UpsertState.Waiting))
            {
                // Before the mailbox says until when it is rescheduled: until then no other message counts.
                await notifyAsync(customer, delay, limit.Token);
                content.WakeAt = now + delay;
            }
        }

        content.HasPending = ends.Exists(end => end.State == UpsertState.Waiting);
        await lease.ReleaseAsync(limit.Token);
        await EndAsync(ends, limit.Token);
    }

    private UpsertEnd Fail(UpsertEnd end, Failure failure, DateTimeOffset now)
    {
        var history = new FailureHistory(0, end.Row.History.FailingSince);
        return !_customerWaits && Recoverability.Decide(DeliveryTools.Policy, failure, history, now, 0) is Recovery.DeadLetter dead
            ? new UpsertEnd(end.Row, UpsertState.Dead, dead.Reason)
            : end with
            {
                FailingSince = history.FailingSince ?? now,
            };
    }

    private Task EndAsync(IEnumerable<UpsertEnd> ends, CancellationToken cancellationToken) =>
        tools.Store.EndAsync(ends.Concat(_unreadable), cancellationToken);
}
