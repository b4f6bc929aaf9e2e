using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>Rows of events and mailboxes, and the bodies they came in.</summary>
public sealed class UpsertStore(StorageClients storage)
{
    private const int MostInTransaction = 100;
    private readonly TableClient _events = storage.Upserts;
    private readonly TableClient _mailboxes = storage.Customers;

    /// <summary>Keeps a body as received, once.</summary>
    internal async Task KeepBodyAsync(string path, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        try
        {
            await storage.Inbox.GetBlobClient(path).UploadAsync(new BinaryData(body), overwrite: false, cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 409)
        {
            // The same post again: it is there.
        }
    }

    /// <summary>Adds an event.</summary>
    /// <returns>Null when it is new; else the row of its first arrival.</returns>
    internal async Task<UpsertRow?> AddAsync(UpsertRow row, CancellationToken cancellationToken)
    {
        try
        {
            await _events.AddEntityAsync(row, cancellationToken);
            return null;
        }
        catch (RequestFailedException exception) when (exception.Status == 409)
        {
            return await FindAsync(row.PartitionKey, row.RowKey, cancellationToken) ?? row;
        }
    }

    internal async Task<UpsertRow?> FindAsync(string customer, string key, CancellationToken cancellationToken)
    {
        var answer = await _events.GetEntityIfExistsAsync<UpsertRow>(customer, key, cancellationToken: cancellationToken);
        return answer.HasValue ? answer.Value : null;
    }

    /// <summary>Events of a customer that wait.</summary>
    internal async Task<List<UpsertRow>> WaitingOfAsync(string customer, CancellationToken cancellationToken)
    {
        var rows = new List<UpsertRow>();
        await foreach (var row in _events.QueryAsync<UpsertRow>(row => row.PartitionKey == customer && row.State == nameof(UpsertState.Waiting), cancellationToken: cancellationToken))
        {
            rows.Add(row);
        }

        return rows;
    }

    /// <summary>All events in a state, in no order.</summary>
    internal IAsyncEnumerable<UpsertRow> AllAsync(UpsertState state, IEnumerable<string>? columns, CancellationToken cancellationToken)
    {
        var name = state.ToString();
        return _events.QueryAsync<UpsertRow>(row => row.State == name, select: columns, cancellationToken: cancellationToken);
    }

    /// <summary>Events that were accepted before a time and wait no more.</summary>
    internal IAsyncEnumerable<UpsertRow> EndedBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        _events.QueryAsync<UpsertRow>(
            row => row.AcceptedAt < before && row.State != nameof(UpsertState.Waiting) && row.State != nameof(UpsertState.Dead), select: ["PartitionKey", "RowKey"],
            cancellationToken: cancellationToken);

    /// <summary>The values of an event.</summary>
    internal async Task<List<SourceValue>> ValuesAsync(UpsertRow row, CancellationToken cancellationToken)
    {
        var json = row.Values;
        if (json is null && row.ValuesBlob is { } path)
        {
            json = (await storage.Inbox.GetBlobClient(path).DownloadContentAsync(cancellationToken)).Value.Content.ToString();
        }

        return json is null ? [] : UpsertRow.ReadValues(json);
    }

    /// <summary>Ends an event, or has it wait again. Whatever else is in the row stays.</summary>
    internal Task SetStateAsync(UpsertRow row, UpsertState state, string? reason, DateTimeOffset? completedAt, CancellationToken cancellationToken) =>
        _events.UpdateEntityAsync(Change(new UpsertEnd(row, state, reason), completedAt), ETag.All, TableUpdateMode.Merge, cancellationToken);

    /// <summary>Sets the states of events of one customer, a hundred in a transaction: each is paid for once.</summary>
    /// <param name="ends">What they are now.</param>
    /// <param name="now">When those that wait no more ended.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    internal async Task SetStatesAsync(IEnumerable<UpsertEnd> ends, DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var some in ends.Select(end => Change(end, end.State == UpsertState.Waiting ? null : now)).Chunk(MostInTransaction))
        {
            await (some is [var one]
                ? _events.UpdateEntityAsync(one, ETag.All, TableUpdateMode.Merge, cancellationToken)
                : (Task)_events.SubmitTransactionAsync(some.Select(row => new TableTransactionAction(TableTransactionActionType.UpdateMerge, row, ETag.All)), cancellationToken));
        }
    }

    internal Task DeleteAsync(UpsertRow row, CancellationToken cancellationToken) => _events.DeleteEntityAsync(row.PartitionKey, row.RowKey, ETag.All, cancellationToken);

    internal async Task<MailboxRow?> FindMailboxAsync(string customer, CancellationToken cancellationToken)
    {
        var answer = await _mailboxes.GetEntityIfExistsAsync<TableEntity>(customer, MailboxRow.Key, cancellationToken: cancellationToken);
        return answer.HasValue ? MailboxRow.Of(answer.Value!) : null;
    }

    /// <summary>Notes that Cube took something of a customer, for the next snapshot's comparison.</summary>
    internal Task NoteWrittenAsync(MailboxRow mailbox, CancellationToken cancellationToken) => _mailboxes.UpsertEntityAsync(
        new TableEntity(WrittenPartition(mailbox.AssignmentId), mailbox.Customer) { ["SchemaVersion"] = 1 }, TableUpdateMode.Replace, cancellationToken);

    /// <summary>Customers of an assignment of whom Cube took something since that was last compared.</summary>
    internal async Task<List<TableEntity>> WrittenOfAsync(string assignmentId, CancellationToken cancellationToken)
    {
        var rows = new List<TableEntity>();
        try
        {
            await foreach (var row in _mailboxes.QueryAsync<TableEntity>($"PartitionKey eq '{WrittenPartition(assignmentId)}'", cancellationToken: cancellationToken))
            {
                rows.Add(row);
            }
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == Azure.Data.Tables.Models.TableErrorCode.TableNotFound)
        {
            // A run alone creates only what it needs.
        }

        return rows;
    }

    /// <summary>That was compared; unless Cube took something more meanwhile.</summary>
    internal async Task ForgetWrittenAsync(TableEntity row, CancellationToken cancellationToken)
    {
        try
        {
            await _mailboxes.DeleteEntityAsync(row.PartitionKey, row.RowKey, row.ETag, cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 412)
        {
            // It did: the next snapshot compares it.
        }
    }

    private static string WrittenPartition(string assignmentId) => $"written|{assignmentId}";

    /// <summary>Removes a mailbox as it was read.</summary>
    /// <returns>False when somebody else has changed it.</returns>
    internal async Task<bool> TryDeleteAsync(MailboxRow mailbox, CancellationToken cancellationToken)
    {
        try
        {
            await _mailboxes.DeleteEntityAsync(mailbox.Customer, MailboxRow.Key, mailbox.ETag, cancellationToken);
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status == 412)
        {
            return false;
        }
    }

    /// <summary>Stores a mailbox on top of the state it was read in.</summary>
    /// <returns>False when somebody else has changed it.</returns>
    /// <exception cref="MailboxTooLargeException">It holds more than a row takes.</exception>
    internal async Task<bool> TrySaveAsync(MailboxRow mailbox, string? holder, DateTimeOffset? until, CancellationToken cancellationToken)
    {
        var entity = mailbox.ToEntity(holder, until) ?? throw new MailboxTooLargeException();
        try
        {
            var answer = mailbox.IsNew
                ? await _mailboxes.AddEntityAsync(entity, cancellationToken)
                : await _mailboxes.UpdateEntityAsync(entity, mailbox.ETag, TableUpdateMode.Replace, cancellationToken);
            mailbox.Stored(answer.Headers.ETag!.Value);
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status is 409 or 412)
        {
            // The SDK's own retry after a lost answer looks the same; then the row says that we hold it.
            if (holder is not null && await FindMailboxAsync(mailbox.Customer, cancellationToken) is { } stored && stored.LeaseHolder == holder && stored.LeaseUntil == until)
            {
                mailbox.Stored(stored.ETag);
                return true;
            }

            return false;
        }
    }

    private static TableEntity Change(UpsertEnd end, DateTimeOffset? completedAt) => new(end.Row.PartitionKey, end.Row.RowKey)
    {
        [nameof(UpsertRow.State)] = end.State.ToString(),
        [nameof(UpsertRow.Reason)] = end.Reason ?? "",
        [nameof(UpsertRow.CompletedAt)] = completedAt,
    };
}

/// <summary>What becomes of an event.</summary>
internal sealed record UpsertEnd(UpsertRow Row, UpsertState State, string? Reason);

/// <summary>A customer's waiting values are more than one row of a table takes.</summary>
internal sealed class MailboxTooLargeException() : Exception("more waiting values than a mailbox takes");

/// <summary>The lease on a mailbox ran out, and somebody else has it.</summary>
internal sealed class MailboxTakenOverException() : Exception("another worker has the mailbox");
