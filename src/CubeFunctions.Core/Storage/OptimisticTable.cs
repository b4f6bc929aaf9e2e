using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;

namespace CubeFunctions.Core.Storage;

/// <summary>What came of a batch: all of it is saved, or nothing is.</summary>
/// <param name="Outcome">What came of it.</param>
/// <param name="Row">The first row that was not as expected; null when all are saved.</param>
internal readonly record struct BatchOutcome(StorageOutcome Outcome, ITableEntity? Row);

/// <summary>
/// A table whose rows are saved on top of the state they were read in. Callers get outcomes, never status codes; a table that is missing
/// reads as empty, and is
/// created by the first write.
/// </summary>
/// <remarks>
/// <para>
/// The SDK repeats a write that was not answered. If the first one was done all the same, the repeat is answered as a conflict with the
/// write itself. Therefore each
/// write leaves an id of its own in the row (column <c>WriteId</c>), and a conflict is settled by one read: a row that has the id was
/// saved. The rows of a batch are
/// written together or not at all, so one of them speaks for all.
/// </para>
/// <para>
/// A write that ends without any answer (storage out of reach, or cancelled) may have been done as well. It is remembered with its row
/// object: the next
/// write of that object recognises it and goes on top of it. A row object is to be written by one task at a time.
/// </para>
/// <para>Costs: one transaction a write. A conflict costs one read more. Unconditional writes are repeated blindly: all writers must write
/// the same.</para>
/// </remarks>
/// <param name="table">The table.</param>
/// <param name="create">Creates it, and what else its lane needs.</param>
internal sealed class OptimisticTable(TableClient table, Func<CancellationToken, Task> create)
{
    /// <summary>The most rows of one batch. They must be of one partition, 4 MiB together, and no row twice.</summary>
    public const int MaxBatch = 100;

    /// <summary>Characters that a column of text is filled with at most: it holds 32 Ki.</summary>
    public const int MaxText = 30_000;

    private const string WriteIdColumn = nameof(IStoredRow.WriteId);

    /// <summary>Ids of writes that ended without an answer, by the row object.</summary>
    private readonly ConditionalWeakTable<ITableEntity, HashSet<string>> _unanswered = [];

    /// <summary>A table that is created alone where it is missing.</summary>
    public OptimisticTable(TableClient table)
        : this(table, async cancellationToken => await table.CreateIfNotExistsAsync(cancellationToken)) { }

    /// <summary>Reads a row; null where there is none.</summary>
    /// <param name="partition">Its partition key.</param>
    /// <param name="key">Its row key.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public async Task<T?> FindAsync<T>(string partition, string key, CancellationToken cancellationToken)
        where T : class, ITableEntity
    {
        var found = await table.GetEntityIfExistsAsync<T>(partition, key, cancellationToken: cancellationToken);
        return found.HasValue ? found.Value : null;
    }

    /// <summary>Reads rows, in the order of their keys.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="columns">The columns that are needed; null for all. A row that is to be replaced needs all.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    public IAsyncEnumerable<T> QueryAsync<T>(
        Expression<Func<T, bool>> filter,
        IEnumerable<string>? columns,
        CancellationToken cancellationToken
    )
        where T : class, ITableEntity =>
        ReadAsync(table.QueryAsync(filter, select: columns, cancellationToken: cancellationToken), cancellationToken);

    /// <inheritdoc cref="QueryAsync{T}(Expression{Func{T, bool}}, IEnumerable{string}?, CancellationToken)"/>
    public IAsyncEnumerable<T> QueryAsync<T>(string filter, IEnumerable<string>? columns, CancellationToken cancellationToken)
        where T : class, ITableEntity =>
        ReadAsync(table.QueryAsync<T>(filter, select: columns, cancellationToken: cancellationToken), cancellationToken);

    /// <summary>Reads a row, repaired where it is garbled; null where there is none.</summary>
    /// <param name="partition">Its partition key.</param>
    /// <param name="key">Its row key.</param>
    /// <param name="repairAsync">Puts a row that says so by name in the place of a garbled one.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    public async Task<T?> FindOrRepairAsync<T>(
        string partition,
        string key,
        Func<TableEntity, CancellationToken, Task<T>> repairAsync,
        CancellationToken cancellationToken
    )
        where T : class, ITableEntity
    {
        try
        {
            var row = await FindAsync<T>(partition, key, cancellationToken);
            if (row is null || !RowReader.LacksText(row))
            {
                return row;
            }
        }
        catch (Exception exception) when (StorageErrors.IsUnreadable(exception, cancellationToken))
        {
            // Repaired below.
        }

        return await FindAsync<TableEntity>(partition, key, cancellationToken) is { } raw
            ? await repairAsync(raw, cancellationToken)
            : null;
    }

    /// <summary>Reads rows, one by one where one of them is garbled: that one is repaired, and comes as it is then.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="repairAsync">Puts a row that says so by name in the place of a garbled one.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <param name="columns">The columns that are read, or null for all. A row that is read by itself comes whole.</param>
    public async IAsyncEnumerable<T> QueryOrRepairAsync<T>(
        string filter,
        Func<TableEntity, CancellationToken, Task<T>> repairAsync,
        [EnumeratorCancellation] CancellationToken cancellationToken,
        string[]? columns = null
    )
        where T : class, ITableEntity
    {
        List<T> rows;
        try
        {
            rows = await QueryAsync<T>(filter, columns, cancellationToken).ToListAsync(cancellationToken);
        }
        catch (Exception exception) when (StorageErrors.IsUnreadable(exception, cancellationToken))
        {
            rows = [];
            await foreach (var key in QueryAsync<TableEntity>(filter, ["PartitionKey", "RowKey"], cancellationToken))
            {
                if (await FindOrRepairAsync(key.PartitionKey, key.RowKey, repairAsync, cancellationToken) is { } row)
                {
                    rows.Add(row);
                }
            }
        }

        foreach (var row in rows)
        {
            if (!RowReader.LacksText(row))
            {
                yield return row;
            }
            else if (await FindOrRepairAsync(row.PartitionKey, row.RowKey, repairAsync, cancellationToken) is { } repaired)
            {
                yield return repaired;
            }
        }
    }

    /// <summary>Adds a row that must not be there.</summary>
    /// <returns><see cref="StorageOutcome.Saved"/> or <see cref="StorageOutcome.Exists"/>.</returns>
    public Task<StorageOutcome> AddAsync(ITableEntity row, CancellationToken cancellationToken) =>
        WriteAsync(RowWrite.Add(row), cancellationToken);

    /// <summary>Adds a row that must not be there, or gives the one that is.</summary>
    /// <returns>Null when it was added; else the row that was there before.</returns>
    public async Task<T?> AddOrFindAsync<T>(T row, CancellationToken cancellationToken)
        where T : class, ITableEntity
    {
        T? there = null;
        var result = await WriteAsync(
            [RowWrite.Add(row)],
            async () => there = await FindAsync<T>(row.PartitionKey, row.RowKey, cancellationToken),
            cancellationToken
        );
        return result.Outcome == StorageOutcome.Saved ? null : there;
    }

    /// <summary>Replaces a row in the state it was read in, or adds one that is new (no ETag).</summary>
    public Task<StorageOutcome> SaveAsync(ITableEntity row, CancellationToken cancellationToken) =>
        WriteAsync(RowWrite.Save(row), cancellationToken);

    /// <summary>Adds a row, or replaces whatever is there.</summary>
    public Task PutAsync(ITableEntity row, CancellationToken cancellationToken) => WriteAsync(RowWrite.Put(row), cancellationToken);

    /// <summary>Deletes a row in the state it was read in.</summary>
    /// <returns><see cref="StorageOutcome.Saved"/>, also where it was gone already; or <see cref="StorageOutcome.Changed"/>.</returns>
    public Task<StorageOutcome> DeleteAsync(ITableEntity row, CancellationToken cancellationToken) =>
        WriteAsync(RowWrite.Delete(row), cancellationToken);

    /// <summary>Does one write.</summary>
    public async Task<StorageOutcome> WriteAsync(RowWrite write, CancellationToken cancellationToken) =>
        (await WriteAsync([write], cancellationToken)).Outcome;

    /// <summary>Does several writes in one step: all, or none.</summary>
    /// <param name="writes">Up to <see cref="MaxBatch"/> rows of one partition, each once.</param>
    /// <param name="cancellationToken">Ends the requests. What was asked for may have been done.</param>
    /// <exception cref="RequestFailedException">Storage is in trouble, or refuses what was sent.</exception>
    public Task<BatchOutcome> WriteAsync(IReadOnlyList<RowWrite> writes, CancellationToken cancellationToken) =>
        WriteAsync(writes, null, cancellationToken);

    private async Task<BatchOutcome> WriteAsync(
        IReadOnlyList<RowWrite> writes,
        Func<Task<ITableEntity?>>? read,
        CancellationToken cancellationToken
    )
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(writes.Count, MaxBatch, nameof(writes));
        var left = writes.ToList();
        var id = Guid.NewGuid().ToString("N");
        left.ForEach(write => SetWriteId(write, id));
        try
        {
            var created = false;
            while (left.Count > 0)
            {
                try
                {
                    await SendAsync(left, cancellationToken);
                    break;
                }
                catch (RequestFailedException exception) when (!created && StorageErrors.IsNotCreated(exception))
                {
                    await create(cancellationToken);
                    created = true;
                }
                catch (RequestFailedException exception) when (StorageErrors.IsConflict(exception))
                {
                    var failed = left[
                        Math.Min((exception as TableTransactionFailedException)?.FailedTransactionActionIndex ?? 0, left.Count - 1)
                    ];
                    var stored =
                        read is null ? await ReadStoredAsync(left, cancellationToken)
                        : await read() is { } row ? new() { [row.RowKey] = row }
                        : [];
                    if (Settle(left, failed, stored, id) is { } outcome)
                    {
                        Answered(writes);
                        return new(outcome, outcome == StorageOutcome.Saved ? null : failed.Row);
                    }
                }
            }
        }
        catch
        {
            foreach (var write in writes)
            {
                _unanswered.GetOrCreateValue(write.Row).Add(id);
            }

            throw;
        }

        Answered(writes);
        return new(StorageOutcome.Saved, null);
    }

    /// <summary>Settles a conflict by what is stored.</summary>
    /// <returns>What came of the writes; null when those that are left are to be sent again.</returns>
    private StorageOutcome? Settle(List<RowWrite> writes, RowWrite failed, Dictionary<string, ITableEntity> stored, string id)
    {
        if (writes.Exists(write => !write.IsDelete && WriteIdAt(write) == id))
        {
            foreach (var write in writes.Where(write => WriteIdAt(write) == id))
            {
                write.Row.ETag = stored[write.Row.RowKey].ETag;
            }

            return StorageOutcome.Saved;
        }

        var repeat = writes.RemoveAll(write => write.IsDelete && !stored.ContainsKey(write.Row.RowKey)) > 0;
        for (var i = 0; i < writes.Count; i++)
        {
            var (action, row, body) = writes[i];
            if (
                WriteIdAt(writes[i]) is { } other
                && row.ETag != stored[row.RowKey].ETag
                && _unanswered.TryGetValue(row, out var ours)
                && ours.Contains(other)
            )
            {
                // An earlier write of this object was done and its answer lost: this one goes on top of it.
                row.ETag = stored[row.RowKey].ETag;
                writes[i] = new(action == TableTransactionActionType.Add ? TableTransactionActionType.UpdateReplace : action, row, body);
                repeat = true;
            }
        }

        if (repeat)
        {
            return null;
        }

        return (failed.Action, stored.ContainsKey(failed.Row.RowKey)) switch
        {
            (TableTransactionActionType.Add, true) => StorageOutcome.Exists,
            (TableTransactionActionType.Add, false) => null,
            (_, true) => StorageOutcome.Changed,
            (_, false) => StorageOutcome.Gone,
        };

        string? WriteIdAt(RowWrite write) => stored.TryGetValue(write.Row.RowKey, out var row) ? WriteIdOf(row) : null;
    }

    private async Task SendAsync(List<RowWrite> writes, CancellationToken cancellationToken)
    {
        if (writes is [var (action, row, body)])
        {
            var answer = await (
                action switch
                {
                    TableTransactionActionType.Add => table.AddEntityAsync(body, cancellationToken),
                    TableTransactionActionType.UpdateReplace => table.UpdateEntityAsync(
                        body,
                        row.ETag,
                        TableUpdateMode.Replace,
                        cancellationToken
                    ),
                    TableTransactionActionType.UpdateMerge => table.UpdateEntityAsync(
                        body,
                        row.ETag,
                        TableUpdateMode.Merge,
                        cancellationToken
                    ),
                    TableTransactionActionType.UpsertReplace => table.UpsertEntityAsync(body, TableUpdateMode.Replace, cancellationToken),
                    TableTransactionActionType.Delete => table.DeleteEntityAsync(row.PartitionKey, row.RowKey, row.ETag, cancellationToken),
                    _ => throw new InvalidOperationException($"{action} is no action of {nameof(RowWrite)}."),
                }
            );
            row.ETag = answer.Headers.ETag ?? row.ETag;
            return;
        }

        var answers = (
            await table.SubmitTransactionAsync(
                writes.Select(write => new TableTransactionAction(write.Action, write.Body, write.Row.ETag)),
                cancellationToken
            )
        ).Value;
        for (var i = 0; i < writes.Count; i++)
        {
            writes[i].Row.ETag = answers[i].Headers.ETag ?? writes[i].Row.ETag;
        }
    }

    /// <summary>What is stored of the rows: one request, for several rows of their whole range.</summary>
    private async Task<Dictionary<string, ITableEntity>> ReadStoredAsync(List<RowWrite> writes, CancellationToken cancellationToken)
    {
        var stored = new Dictionary<string, ITableEntity>(StringComparer.Ordinal);
        if (writes is [var one])
        {
            if (await FindAsync<TableEntity>(one.Row.PartitionKey, one.Row.RowKey, cancellationToken) is { } found)
            {
                stored[found.RowKey] = found;
            }

            return stored;
        }

        var keys = writes.Select(write => write.Row.RowKey).Order(StringComparer.Ordinal).ToList();
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey eq {writes[0].Row.PartitionKey} and RowKey ge {keys[0]} and RowKey le {keys[^1]}"
        );
        await foreach (var row in QueryAsync<TableEntity>(filter, null, cancellationToken))
        {
            if (keys.Contains(row.RowKey))
            {
                stored[row.RowKey] = row;
            }
        }

        return stored;
    }

    private static async IAsyncEnumerable<T> ReadAsync<T>(
        AsyncPageable<T> rows,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
        where T : notnull
    {
        await using var each = rows.GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(each))
        {
            yield return each.Current;
        }

        static async Task<bool> NextAsync(IAsyncEnumerator<T> each)
        {
            try
            {
                return await each.MoveNextAsync();
            }
            catch (RequestFailedException exception) when (StorageErrors.IsNotCreated(exception))
            {
                return false;
            }
        }
    }

    private void Answered(IReadOnlyList<RowWrite> writes)
    {
        foreach (var write in writes)
        {
            _unanswered.Remove(write.Row);
        }
    }

    private static void SetWriteId(RowWrite write, string id)
    {
        if (write.IsDelete)
        {
            return;
        }

        switch (write.Body)
        {
            case TableEntity entity:
                entity[WriteIdColumn] = id;
                break;
            case IStoredRow row:
                row.WriteId = id;
                break;
            default:
                throw new ArgumentException($"{write.Body.GetType().Name} has no column {WriteIdColumn}.", nameof(write));
        }
    }

    private static string? WriteIdOf(ITableEntity row) =>
        row is TableEntity entity ? entity.Find<string>(WriteIdColumn) : (row as IStoredRow)?.WriteId;
}
