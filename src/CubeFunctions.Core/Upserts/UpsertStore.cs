using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>Rows of events, posts and mailboxes, and the bodies they came in.</summary>
public sealed class UpsertStore
{
    private const string OctetStream = "application/octet-stream";
    private static readonly string[] Keys = ["PartitionKey", "RowKey"];
    private readonly OptimisticTable _mailboxes;
    private readonly OptimisticBlobs _inbox;
    private readonly TimeProvider _time;

    /// <summary>Uses the tables of the upserts lane.</summary>
    public UpsertStore(StorageClients storage, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(storage);
        Rows = new(storage.Upserts);
        _mailboxes = new(storage.Customers);
        _inbox = new(storage.Inbox);
        _time = time;
    }

    /// <summary>The table of events, posts and idempotency keys.</summary>
    internal OptimisticTable Rows { get; }

    /// <summary>Keeps a body as received, once.</summary>
    internal Task KeepBodyAsync(string path, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        _inbox.CreateAsync(path, new BlobBody(BinaryData.FromBytes(body).ToStream(), OctetStream), cancellationToken);

    /// <summary>A body as it was received; null when it is gone.</summary>
    internal async Task<ReadOnlyMemory<byte>?> FindBodyAsync(string path, CancellationToken cancellationToken) =>
        (await _inbox.FindAsync(path, cancellationToken))?.Data?.ToMemory();

    /// <summary>Adds an event.</summary>
    /// <returns>Null when it is new; else the row of its first arrival.</returns>
    internal Task<UpsertRow?> AddAsync(UpsertRow row, CancellationToken cancellationToken) => Rows.AddOrFindAsync(row, cancellationToken);

    /// <summary>An event; a garbled row is read in part.</summary>
    internal async Task<UpsertRow?> FindAsync(string customer, string key, CancellationToken cancellationToken) =>
        await Rows.FindAsync<TableEntity>(customer, key, cancellationToken) is { } row ? UpsertRow.FromEntity(row) : null;

    /// <summary>Pending events of a customer.</summary>
    internal async Task<List<UpsertRow>> PendingAsync(string customer, CancellationToken cancellationToken)
    {
        var rows = new List<UpsertRow>();
        await foreach (var row in Rows.QueryAsync<UpsertRow>(PendingOf(customer), null, cancellationToken))
        {
            rows.Add(row);
        }

        return rows;
    }

    /// <summary>Events of a customer, whatever became of them. A garbled row is read in part.</summary>
    internal IAsyncEnumerable<UpsertRow> OfCustomerAsync(string customer, CancellationToken cancellationToken) =>
        Rows.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {customer}"), null, cancellationToken)
            .Select(UpsertRow.FromEntity);

    /// <summary>Events of all customers that came in a body. A garbled row is read in part.</summary>
    internal IAsyncEnumerable<UpsertRow> WithBodyAsync(string[] columns, CancellationToken cancellationToken) =>
        Rows.QueryAsync<TableEntity>($"{nameof(UpsertRow.Body)} ne ''", columns, cancellationToken).Select(UpsertRow.FromEntity);

    /// <summary>Pending events of a customer whose rows cannot be read are dead, so that they hold up no other.</summary>
    /// <returns>How many.</returns>
    internal async Task<int> EndUnreadableAsync(string customer, CancellationToken cancellationToken)
    {
        var unreadable = new List<UpsertEnd>();
        await foreach (var key in Rows.QueryAsync<TableEntity>(PendingOf(customer), Keys, cancellationToken))
        {
            try
            {
                _ = await Rows.FindAsync<UpsertRow>(customer, key.RowKey, cancellationToken);
            }
            catch (Exception exception)
                when (StorageErrors.KindOf(exception, cancellationToken) == StorageErrorKind.None
                    && !cancellationToken.IsCancellationRequested
                )
            {
                unreadable.Add(
                    new UpsertEnd(new UpsertRow { PartitionKey = customer, RowKey = key.RowKey }, UpsertState.Dead, UpsertEnd.Unreadable)
                );
            }
        }

        await EndAsync(unreadable, cancellationToken);
        return unreadable.Count;
    }

    /// <summary>All events in a state, in no order. A garbled row is read in part, and holds up no other.</summary>
    internal async IAsyncEnumerable<UpsertRow> AllAsync(
        UpsertState state,
        IEnumerable<string>? columns,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var filter = TableClient.CreateQueryFilter($"State eq {state.ToString()}");
        await foreach (var row in Rows.QueryAsync<TableEntity>(filter, columns, cancellationToken))
        {
            yield return UpsertRow.FromEntity(row);
        }
    }

    /// <summary>Keys of events that were accepted before a time and wait no more.</summary>
    internal IAsyncEnumerable<TableEntity> EndedBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        Rows.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter(
                $"AcceptedAt lt {before} and State ne {nameof(UpsertState.Waiting)} and State ne {nameof(UpsertState.Dead)} and State ne {PostRow.Unsplit}"
            ),
            Keys,
            cancellationToken
        );

    /// <summary>Events whose state is no name: they are in no list.</summary>
    internal IAsyncEnumerable<UpsertRow> UnknownAsync(CancellationToken cancellationToken)
    {
        var known = Enum.GetNames<UpsertState>()
            .Append(PostRow.Unsplit)
            .Append(IdempotencyStore.Request)
            .Select(state => $"State ne '{state}'");
        return Rows.QueryAsync<TableEntity>($"Sender ne '' and {string.Join(" and ", known)}", null, cancellationToken)
            .Where(row => row.ContainsKey("State"))
            .Select(UpsertRow.FromEntity);
    }

    /// <summary>The values of an event; null when they are gone.</summary>
    internal async Task<List<SourceValue>?> ValuesAsync(UpsertRow row, CancellationToken cancellationToken)
    {
        var json = row.Values is { Length: > 0 } inline ? inline : null;
        if (json is null && row.ValuesBlob is { } path)
        {
            json = (await _inbox.FindAsync(path, cancellationToken))?.Data?.ToString();
        }

        return json is null ? null : UpsertRow.ReadValues(json);
    }

    /// <summary>Puts values into an event's row, or beside its body where they are long.</summary>
    internal async Task SetValuesAsync(UpsertRow row, IReadOnlyList<SourceValue> values, CancellationToken cancellationToken)
    {
        if (values.Count == 0)
        {
            return;
        }

        var json = UpsertRow.WriteValues(values);
        if (json.Length <= UpsertRow.InlineCharacters)
        {
            row.Values = json;
            return;
        }

        // Other values of the same event, by another field map, are another blob.
        var bytes = System.Text.Encoding.UTF8.GetBytes(json);
        (row.Values, row.ValuesBlob) = (
            null,
            $"{row.Body}.{row.RowKey}{(row.ReplayedAt is { } replayed ? $".{replayed.ToUnixTimeMilliseconds()}" : "")}.values"
        );
        await KeepBodyAsync(row.ValuesBlob, bytes, cancellationToken);
    }

    /// <summary>Sets a few columns of an event, whatever its state. One that is gone stays gone.</summary>
    internal Task SetAsync(UpsertRow row, IEnumerable<KeyValuePair<string, object?>> columns, CancellationToken cancellationToken) =>
        Rows.WriteAsync(RowWrite.Merge(new TableEntity(row.PartitionKey, row.RowKey) { ETag = ETag.All }, columns), cancellationToken);

    /// <summary>
    /// Writes and counts what became of events of one customer, a hundred in a transaction. Events that were erased meanwhile are left
    /// out.
    /// </summary>
    internal async Task EndAsync(IEnumerable<UpsertEnd> ends, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var news = ends.Where(end => end.IsNews).ToList();
        foreach (var some in news.Select(end => Write(end, now)).Chunk(OptimisticTable.MaxBatch))
        {
            var left = some.ToList();
            while (left.Count > 0 && await Rows.WriteAsync(left, cancellationToken) is { Row: { } gone })
            {
                left.RemoveAll(write => write.Row == gone);
            }
        }

        foreach (var end in news.Where(end => end.State != UpsertState.Waiting))
        {
            var counter = end.State == UpsertState.Dead ? CubeMetrics.UpsertsDead : CubeMetrics.UpsertsDelivered;
            counter.Add(1, new KeyValuePair<string, object?>("sender", end.Row.Sender), new("state", end.State.ToString()));
        }
    }

    /// <summary>Deletes a row of this lane's events.</summary>
    internal Task DeleteAsync(ITableEntity row, CancellationToken cancellationToken) =>
        Rows.DeleteAsync(new TableEntity(row.PartitionKey, row.RowKey) { ETag = ETag.All }, cancellationToken);

    internal async Task<MailboxRow?> FindMailboxAsync(string customer, CancellationToken cancellationToken) =>
        await _mailboxes.FindAsync<TableEntity>(customer, MailboxRow.Key, cancellationToken) is { } row ? MailboxRow.FromEntity(row) : null;

    /// <summary>Takes the lease of a post in the state it was read in, or adds a new one with it.</summary>
    /// <returns>Null where another worker was quicker: read it again.</returns>
    internal Task<LeasedRow<PostRow>?> TryAcquireAsync(PostRow post, TimeSpan length, CancellationToken cancellationToken) =>
        LeasedRow<PostRow>.TryAcquireAsync(Rows, post, Guid.NewGuid().ToString("N"), length, _time, cancellationToken);

    /// <summary>Gives a row back after a failure. Where storage cannot be reached the lease runs out by itself.</summary>
    internal async Task ReleaseAsync<T>(LeasedRow<T> lease, TimeSpan length)
        where T : class, ILeasable
    {
        try
        {
            using var limit = new CancellationTokenSource(length, _time);
            await lease.ReleaseAsync(limit.Token);
        }
        catch (Exception)
        {
            // What failed before is what counts.
        }
    }

    /// <summary>Posts that are not split yet.</summary>
    internal IAsyncEnumerable<PostRow> PostsAsync(CancellationToken cancellationToken) =>
        Rows.QueryOrRepairAsync($"PartitionKey eq '{PostRow.Partition}'", ReadGarbledAsync, cancellationToken);

    /// <summary>A post that is not split yet; null where there is none.</summary>
    internal Task<PostRow?> FindPostAsync(string key, CancellationToken cancellationToken) =>
        Rows.FindOrRepairAsync(PostRow.Partition, key, ReadGarbledAsync, cancellationToken);

    /// <summary>A post whose row is garbled waits with the reason, so that it can be mended or dropped: its body is kept.</summary>
    private Task<PostRow> ReadGarbledAsync(TableEntity garbled, CancellationToken cancellationToken)
    {
        var (row, lost) = RowReader.Read<PostRow>(garbled);
        row.State = PostRow.Unsplit;
        row.AcceptedAt = lost.Contains(nameof(row.AcceptedAt)) ? garbled.Timestamp ?? _time.GetUtcNow() : row.AcceptedAt;
        row.IsGarbled = lost.Contains(nameof(row.Sender)) || lost.Contains(nameof(row.Path)) || lost.Contains(nameof(row.PostId));
        row.Reason = row.IsGarbled ? UpsertEnd.Unreadable : row.Reason;
        return Task.FromResult(row);
    }

    /// <summary>Partitions of records that were merged into one.</summary>
    internal async Task<List<string>> MergedIntoAsync(string customer, CancellationToken cancellationToken) =>
        await _mailboxes
            .QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"MergedKey eq {customer}"), Keys, cancellationToken)
            .Select(row => row.PartitionKey)
            .ToListAsync(cancellationToken);

    /// <summary>Takes the lease of a mailbox in the state it was read in.</summary>
    /// <returns>Null where another worker was quicker: read it again.</returns>
    internal Task<LeasedRow<MailboxRow>?> TryAcquireAsync(MailboxRow mailbox, TimeSpan length, CancellationToken cancellationToken) =>
        LeasedRow<MailboxRow>.TryAcquireAsync(_mailboxes, mailbox, Guid.NewGuid().ToString("N"), length, _time, cancellationToken);

    /// <summary>Customers of an assignment of whom Cube took something since that was last compared with a snapshot.</summary>
    internal async Task<List<TableEntity>> UncomparedAsync(string assignmentId, CancellationToken cancellationToken)
    {
        var rows = new List<TableEntity>();
        var filter = TableClient.CreateQueryFilter(
            $"RowKey eq {MailboxRow.Key} and AssignmentId eq {assignmentId} and Uncompared eq {true}"
        );
        await foreach (var row in _mailboxes.QueryAsync<TableEntity>(filter, Keys, cancellationToken))
        {
            rows.Add(row);
        }

        return rows;
    }

    /// <summary>Notes that a mailbox was compared; unless it was changed meanwhile: then the next snapshot compares it.</summary>
    internal Task SetComparedAsync(TableEntity mailbox, CancellationToken cancellationToken) =>
        _mailboxes.WriteAsync(RowWrite.Merge(mailbox, [new(nameof(MailboxRow.Uncompared), false)]), cancellationToken);

    /// <summary>Removes a mailbox as it was read.</summary>
    /// <returns>False when another worker has changed it.</returns>
    internal async Task<bool> TryDeleteAsync(MailboxRow mailbox, CancellationToken cancellationToken) =>
        await _mailboxes.DeleteAsync(mailbox.Entity, cancellationToken) == StorageOutcome.Saved;

    /// <summary>Stores a mailbox on top of the state it was read in.</summary>
    /// <returns>False when another worker has changed it.</returns>
    internal async Task<bool> TrySaveAsync(MailboxRow mailbox, string? holder, DateTimeOffset? until, CancellationToken cancellationToken)
    {
        (mailbox.LeaseHolder, mailbox.LeaseUntil) = (holder, until);
        mailbox.BeforeSave();
        return await _mailboxes.SaveAsync(mailbox.Entity, cancellationToken) == StorageOutcome.Saved;
    }

    private static string PendingOf(string customer) =>
        TableClient.CreateQueryFilter($"PartitionKey eq {customer} and State eq {nameof(UpsertState.Waiting)}");

    private static RowWrite Write(UpsertEnd end, DateTimeOffset now) =>
        RowWrite.Merge(
            new TableEntity(end.Row.PartitionKey, end.Row.RowKey) { ETag = ETag.All },
            [
                new(nameof(UpsertRow.State), end.State.ToString()),
                new(nameof(UpsertRow.Reason), end.Reason ?? ""),
                // A merge leaves out what is null: a time of no meaning stands for none.
                new(nameof(UpsertRow.FailingSince), end.FailingSince ?? UpsertRow.NoTime),
                new(nameof(UpsertRow.Attempts), end.Attempts),
                new(nameof(UpsertRow.CompletedAt), end.State == UpsertState.Waiting ? null : now),
            ]
        );
}
