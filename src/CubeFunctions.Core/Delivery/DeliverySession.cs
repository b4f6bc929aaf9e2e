using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Delivery;

/// <summary>
/// Delivers one stream under its lease: first single changes that were refused once and are to be sent again, then the files, in order.
/// </summary>
/// <remarks>
/// A batch that the receiver refuses is halved until it is clear which changes it does not take. These are dead, and what follows of the
/// same customers waits
/// behind them, so that nothing is out of order for a customer; the others go on. A receiver that refuses every change of a batch is taken
/// for one that is broken.
/// </remarks>
internal sealed partial class DeliverySession(
    LeasedRow<DeliveryStreamRow> lease,
    List<DeliveryRow> rows,
    DeliverySources sources,
    DateTimeOffset deadline
)
{
    /// <summary>The most changes of one request, and the most bytes unless one change alone has more.</summary>
    internal const int MaxChanges = 100;
    internal const int MaxBytes = 256 * 1024;

    private const int MaxRows = 90;

    /// <summary>So many changes that are all refused say something of the receiver, not of the changes.</summary>
    private const int BrokenReceiverThreshold = 8;

    /// <summary>So many of a batch that are refused before one is taken say it as well: the rest need not be tried.</summary>
    private const int MaxRefusalsBeforeAbort = 20;

    private const string Behind = "waits behind a change of the same customer";

    private readonly HashSet<string> _held = [.. rows.Where(row => !row.IsFile).Select(row => row.Customer)];

    /// <summary>What is being delivered.</summary>
    public DeliveryRow? Current { get; private set; }

    private bool IsTimeUp => sources.Time.GetUtcNow() >= deadline;

    /// <summary>Delivers until nothing waits that may go.</summary>
    /// <returns>False when time was up.</returns>
    /// <exception cref="CrmException">The receiver does not take what <see cref="Current"/> is about.</exception>
    /// <exception cref="LeaseLostException">The lease was lost.</exception>
    /// <exception cref="RowsChangedException">A delivery was changed meanwhile, by an erasure or a drop.</exception>
    public async Task<bool> DeliverAsync(CancellationToken cancellationToken)
    {
        foreach (var changes in rows.Where(row => !row.IsFile).GroupBy(row => row.Customer).ToList())
        {
            // One that is dead holds back what comes after it.
            foreach (var row in changes.TakeWhile(row => row.State == DeliveryState.Waiting).TakeWhile(_ => !IsTimeUp))
            {
                await DeliverChangeAsync(row, cancellationToken);
                if (row.State == DeliveryState.Dead)
                {
                    break;
                }
            }

            if (changes.All(row => row.State == DeliveryState.Delivered))
            {
                _held.Remove(changes.Key);
            }
        }

        foreach (var row in rows.Where(row => row.IsFile).TakeWhile(row => row.State == DeliveryState.Waiting))
        {
            if (!await DeliverFileAsync(row, cancellationToken))
            {
                return row.State == DeliveryState.Dead;
            }
        }

        return !IsTimeUp;
    }

    private async Task DeliverChangeAsync(DeliveryRow row, CancellationToken cancellationToken)
    {
        Current = row;
        if (await SeekAsync(row, cancellationToken) is not { } reader)
        {
            await LoseAsync(row, cancellationToken);
            return;
        }

        await using (reader)
        {
            var entry = reader.Next!;
            var refused = await SendAsync([entry], isolated: true, cancellationToken);
            (row.State, row.Reason) = refused.TryGetValue(entry, out var reason)
                ? (DeliveryState.Dead, reason)
                : (DeliveryState.Delivered, null);
            row.CompletedAt = sources.Time.GetUtcNow();
            row.Taken = row.State == DeliveryState.Delivered ? 1 : 0;
            await SaveAsync([row], cancellationToken);
        }
    }

    private async Task<ChangeFileReader?> SeekAsync(DeliveryRow row, CancellationToken cancellationToken)
    {
        try
        {
            return await sources.Files.SeekAsync(row.Path, row.NextId, cancellationToken);
        }
        catch (BaselineGoneException)
        {
            return null;
        }
    }

    /// <returns>False when time was up, or the file is gone.</returns>
    private async Task<bool> DeliverFileAsync(DeliveryRow row, CancellationToken cancellationToken)
    {
        Current = row;
        try
        {
            if (await sources.Files.OpenAsync(row, cancellationToken) is not { } reader)
            {
                await LoseAsync(row, cancellationToken);
                return false;
            }

            await using (reader)
            {
                do
                {
                    if (IsTimeUp)
                    {
                        return false;
                    }

                    await DeliverBatchAsync(row, reader, cancellationToken);
                } while (reader.Next is not null);
            }

            return true;
        }
        catch (BaselineGoneException)
        {
            await LoseAsync(row, cancellationToken);
            return false;
        }
    }

    private async Task DeliverBatchAsync(DeliveryRow row, ChangeFileReader reader, CancellationToken cancellationToken)
    {
        var batch = new List<ChangeEntry>();
        var single = new List<DeliveryRow>();
        var lines = new Dictionary<ChangeEntry, int>(ReferenceEqualityComparer.Instance);
        var (read, bytes) = (0, 0);
        while (
            reader.Next is { } entry
            && batch.Count < MaxChanges
            && read < MaxChanges * 10
            && (batch.Count == 0 || bytes + entry.Line.Length <= MaxBytes)
        )
        {
            if (!entry.IsEcho && _held.Count > 0 && _held.Contains(await CustomerAsync(entry, cancellationToken)))
            {
                single.Add(await SingleAsync(row, row.Done + read, entry, DeliveryState.Waiting, Behind, cancellationToken));
            }
            else if (!entry.IsEcho)
            {
                batch.Add(entry);
                lines[entry] = row.Done + read;
                bytes += entry.Line.Length;
            }

            read++;
            await reader.AdvanceAsync(cancellationToken);
        }

        var refused = await SendAsync(batch, isolated: false, cancellationToken);
        foreach (var (entry, reason) in refused)
        {
            var isFirst = _held.Add(await CustomerAsync(entry, cancellationToken));
            single.Add(
                await SingleAsync(row, lines[entry], entry, isFirst ? DeliveryState.Dead : DeliveryState.Waiting, reason, cancellationToken)
            );
        }

        foreach (var chunk in single.Chunk(MaxRows))
        {
            await SaveAsync(chunk, cancellationToken);
        }

        row.Done += read;
        row.Taken += batch.Count - refused.Count;
        (row.Offset, row.NextId, row.Reason) = (reader.Next?.Start ?? row.Offset, reader.Next?.Id ?? row.NextId, null);
        if (reader.Next is null)
        {
            (row.State, row.CompletedAt) = (DeliveryState.Delivered, sources.Time.GetUtcNow());
        }

        await SaveAsync([row], cancellationToken);
        CubeMetrics.ChangesDelivered.Add(batch.Count - refused.Count);
        if (single.Exists(change => change.State == DeliveryState.Dead))
        {
            var dead = single.Count(change => change.State == DeliveryState.Dead);
            CubeMetrics.ChangesUndelivered.Add(dead, new KeyValuePair<string, object?>("reason", nameof(CrmFailureKind.Refused)));
            LogRefused(sources.Logger, row.PartitionKey, dead);
        }
    }

    /// <summary>Sends changes, and halves them where the receiver refuses.</summary>
    /// <param name="batch">The changes.</param>
    /// <param name="isolated">Whether they were refused before, so that a refusal says nothing new of the receiver.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Those that are not taken, in order, with the reason.</returns>
    private async Task<Dictionary<ChangeEntry, string>> SendAsync(
        List<ChangeEntry> batch,
        bool isolated,
        CancellationToken cancellationToken
    )
    {
        var refused = new Dictionary<ChangeEntry, string>(ReferenceEqualityComparer.Instance);
        var ready = new List<(ChangeEntry Entry, ReadOnlyMemory<byte> Json)>();
        foreach (var entry in batch)
        {
            try
            {
                if (sources.Bodies.Of(entry) is { } json)
                {
                    ready.Add((entry, json));
                }
            }
            catch (CrmException exception)
            {
                refused[entry] = exception.Message;
            }
        }

        var (taken, alone) = (0, 0);
        await SendPartAsync(ready);
        return taken > 0 || isolated || ready.Count < BrokenReceiverThreshold ? refused : throw IsBroken();

        CrmException IsBroken() => new(CrmFailureKind.Transient, $"{refused[ready[0].Entry]} to every change");

        async Task SendPartAsync(List<(ChangeEntry Entry, ReadOnlyMemory<byte> Json)> part)
        {
            // What follows a refused change of the same customer must not overtake it.
            var held = refused.Keys.Select(entry => entry.CustomerId).ToHashSet(StringComparer.Ordinal);
            foreach (var (entry, _) in part.Where(change => held.Contains(change.Entry.CustomerId)))
            {
                refused[entry] = Behind;
            }

            var send = part.FindAll(change => !held.Contains(change.Entry.CustomerId));
            if (send.Count == 0)
            {
                return;
            }

            try
            {
                await KeepLeaseAsync(cancellationToken);
                await sources.Receiver.PostAsync(
                    send.Select(change => change.Entry.Id),
                    ChangeBody.Of(send.ConvertAll(change => change.Json)),
                    DeliveryCauses.Read(Current?.Causes, send.ConvertAll(change => change.Entry.Id)),
                    cancellationToken
                );
                taken += send.Count;
            }
            catch (CrmException exception) when (exception.Kind == CrmFailureKind.Refused && send.Count == 1)
            {
                refused[send[0].Entry] = exception.Message;
                if (++alone >= MaxRefusalsBeforeAbort && taken == 0)
                {
                    throw IsBroken();
                }
            }
            catch (CrmException exception) when (exception.Kind == CrmFailureKind.Refused)
            {
                await SendPartAsync(send[..(send.Count / 2)]);
                await SendPartAsync(send[(send.Count / 2)..]);
            }
        }
    }

    /// <summary>An answer may take until the lease ends; then another worker would send as well.</summary>
    private async Task KeepLeaseAsync(CancellationToken cancellationToken)
    {
        if (lease.Until - sources.Time.GetUtcNow() < sources.Receiver.AnswerLimit * 1.5)
        {
            await lease.SaveAsync(cancellationToken);
        }
    }

    /// <summary>Saves rows together with the renewed lease: a worker that has lost it saves nothing.</summary>
    private async Task SaveAsync(IReadOnlyList<DeliveryRow> changed, CancellationToken cancellationToken)
    {
        lease.Row.Recover();
        var saved = await lease.SaveAsync(
            [.. changed.Select(row => row.ETag == default ? RowWrite.Put(row) : RowWrite.Replace(row))],
            cancellationToken
        );
        if (saved.Outcome != StorageOutcome.Saved)
        {
            throw new RowsChangedException();
        }
    }

    /// <summary>The lifecycle rules, or a person's erasure, were quicker.</summary>
    private async Task LoseAsync(DeliveryRow row, CancellationToken cancellationToken)
    {
        (row.State, row.Reason, row.CompletedAt) = (DeliveryState.Dead, "its change file is gone", sources.Time.GetUtcNow());
        CubeMetrics.ChangesUndelivered.Add(row.Changes - row.Done, new KeyValuePair<string, object?>("reason", "Gone"));
        LogLost(sources.Logger, row.PartitionKey, row.Changes - row.Done);
        await SaveAsync([row], cancellationToken);
    }

    private async Task<DeliveryRow> SingleAsync(
        DeliveryRow file,
        int line,
        ChangeEntry entry,
        DeliveryState state,
        string reason,
        CancellationToken cancellationToken
    ) =>
        new()
        {
            PartitionKey = file.PartitionKey,
            RowKey = DeliveryRow.ChangeKey(await CustomerAsync(entry, cancellationToken), file, line),
            State = state,
            Path = file.Path,
            Changes = 1,
            NextId = entry.Id,
            CreatedAt = sources.Time.GetUtcNow(),
            CompletedAt = state == DeliveryState.Dead ? sources.Time.GetUtcNow() : null,
            Reason = reason,
            Causes = file.Causes,
        };

    private ValueTask<string> CustomerAsync(ChangeEntry entry, CancellationToken cancellationToken) =>
        sources.Pseudonyms.OfAsync(lease.Row.PartitionKey, entry.CustomerId, cancellationToken);

    [LoggerMessage(324, LogLevel.Error, "The receiver refused {Count} changes of {Stream}: the reasons are in their rows")]
    private static partial void LogRefused(ILogger logger, string stream, int count);

    [LoggerMessage(325, LogLevel.Error, "{Count} changes of {Stream} cannot be delivered: their change file is gone")]
    private static partial void LogLost(ILogger logger, string stream, int count);
}

/// <summary>Somebody changed a delivery while it was worked on: it is read again.</summary>
internal sealed class RowsChangedException() : Exception("A delivery was changed meanwhile.");
