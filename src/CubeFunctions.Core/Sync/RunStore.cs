using System.Collections.Concurrent;
using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>Rows of runs and items.</summary>
public sealed class RunStore(StorageClients storage)
{
    private const int BatchSize = 100;
    private readonly TableClient _table = storage.Runs;

    /// <summary>Items that this process planned, each good for one claim without a read: what became of one meanwhile shows at the lease's row.</summary>
    private readonly ConcurrentDictionary<(string, string), ItemRow> _planned = new();

    internal async Task<RunRow?> FindRunAsync(string runId, CancellationToken cancellationToken) =>
        await FindAsync<RunRow>(RunRow.Partition, runId, cancellationToken);

    internal async Task<ItemRow?> FindItemAsync(string runId, string itemKey, CancellationToken cancellationToken) =>
        await FindAsync<ItemRow>(runId, itemKey, cancellationToken);

    /// <summary>The item as it was planned by this process just now, or as it is stored.</summary>
    internal async Task<ItemRow?> FindItemToClaimAsync(string runId, string itemKey, CancellationToken cancellationToken) =>
        _planned.TryRemove((runId, itemKey), out var planned) ? planned : await FindItemAsync(runId, itemKey, cancellationToken);

    internal async Task AddRunAsync(RunRow run, CancellationToken cancellationToken) =>
        run.ETag = (await _table.AddEntityAsync(run, cancellationToken)).Headers.ETag!.Value;

    /// <summary>Replaces a row that nobody changed since it was read.</summary>
    /// <returns>False when somebody did.</returns>
    internal async Task<bool> TryUpdateAsync<T>(T row, CancellationToken cancellationToken)
        where T : ITableEntity
    {
        try
        {
            row.ETag = (await _table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, cancellationToken)).Headers.ETag!.Value;
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status is 412 or 404)
        {
            return false;
        }
    }

    /// <summary>Adds the items that are not there yet.</summary>
    internal async Task AddItemsAsync(string runId, IReadOnlyCollection<ItemRow> items, bool someMayExist, CancellationToken cancellationToken)
    {
        var existing = new HashSet<string>();
        if (someMayExist)
        {
            await foreach (var row in ItemsAsync(runId, ["RowKey"], cancellationToken))
            {
                existing.Add(row.RowKey);
            }
        }

        _planned.Clear();
        foreach (var batch in items.Where(item => !existing.Contains(item.RowKey)).Chunk(BatchSize))
        {
            var actions = batch.Select(item => new TableTransactionAction(TableTransactionActionType.Add, item)).ToList();
            var answers = await _table.SubmitTransactionAsync(actions, cancellationToken);
            for (var i = 0; i < batch.Length; i++)
            {
                batch[i].ETag = answers.Value[i].Headers.ETag!.Value;
                _planned[(batch[i].PartitionKey, batch[i].RowKey)] = batch[i];
            }
        }
    }

    internal IAsyncEnumerable<ItemRow> ItemsAsync(string runId, IEnumerable<string>? columns, CancellationToken cancellationToken) =>
        _table.QueryAsync<ItemRow>(row => row.PartitionKey == runId, select: columns, cancellationToken: cancellationToken);

    internal IAsyncEnumerable<ItemRow> OpenItemsAsync(string runId, CancellationToken cancellationToken) =>
        _table.QueryAsync<ItemRow>(row => row.PartitionKey == runId && row.State == nameof(ItemState.Waiting), cancellationToken: cancellationToken);

    internal async Task<bool> AnyOpenItemAsync(string runId, CancellationToken cancellationToken)
    {
        await foreach (var page in _table.QueryAsync<ItemRow>(row => row.PartitionKey == runId && row.State == nameof(ItemState.Waiting), 1, ["RowKey"], cancellationToken)
            .AsPages().WithCancellation(cancellationToken))
        {
            if (page.Values.Count > 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Runs that are not closed, oldest first.</summary>
    internal IAsyncEnumerable<RunRow> OpenRunsAsync(CancellationToken cancellationToken) =>
        _table.QueryAsync<RunRow>(
            row => row.PartitionKey == RunRow.Partition && (row.Status == nameof(RunStatus.Planning) || row.Status == nameof(RunStatus.Running)),
            cancellationToken: cancellationToken);

    /// <summary>Runs that started at or after <paramref name="since"/>, oldest first.</summary>
    internal IAsyncEnumerable<RunRow> RunsSinceAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        var floor = RunId.Floor(since);
        return _table.QueryAsync<RunRow>(row => row.PartitionKey == RunRow.Partition && row.RowKey.CompareTo(floor) >= 0, cancellationToken: cancellationToken);
    }

    /// <summary>Removes a few runs that ended before <paramref name="before"/>, with their items.</summary>
    internal async Task RemoveEndedAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        const int MostAtOnce = 50;
        var ceiling = RunId.Floor(before);
        var old = new List<RunRow>();
        await foreach (var run in _table.QueryAsync<RunRow>(
            row => row.PartitionKey == RunRow.Partition && row.RowKey.CompareTo(ceiling) < 0, MostAtOnce, cancellationToken: cancellationToken))
        {
            if (!run.IsOpen)
            {
                old.Add(run);
            }

            if (old.Count == MostAtOnce)
            {
                break;
            }
        }

        foreach (var run in old)
        {
            var items = new ConcurrentQueue<ItemRow>();
            await foreach (var item in ItemsAsync(run.RowKey, ["PartitionKey", "RowKey"], cancellationToken))
            {
                items.Enqueue(item);
            }

            foreach (var batch in items.Chunk(BatchSize))
            {
                await _table.SubmitTransactionAsync(
                    batch.Select(item => new TableTransactionAction(TableTransactionActionType.Delete, new TableEntity(item.PartitionKey, item.RowKey), ETag.All)), cancellationToken);
            }

            await _table.DeleteEntityAsync(RunRow.Partition, run.RowKey, ETag.All, cancellationToken);
        }
    }

    /// <summary>Makes a run the active one of its kind, unless another is.</summary>
    /// <returns>Null on success; else the id of the run that is active.</returns>
    internal async Task<string?> TryBecomeActiveAsync(RunKind kind, string runId, CancellationToken cancellationToken)
    {
        var name = kind.ToString();
        var row = await FindAsync<TableEntity>("kind", name, cancellationToken);
        if (row?.GetString("RunId") is { } active && await FindRunAsync(active, cancellationToken) is { IsOpen: true })
        {
            return active;
        }

        var next = new TableEntity("kind", name) { ["SchemaVersion"] = 1, ["RunId"] = runId };
        try
        {
            _ = row is null
                ? await _table.AddEntityAsync(next, cancellationToken)
                : await _table.UpdateEntityAsync(next, row.ETag, TableUpdateMode.Replace, cancellationToken);
            return null;
        }
        catch (RequestFailedException exception) when (exception.Status is 409 or 412)
        {
            return (await FindAsync<TableEntity>("kind", name, cancellationToken))?.GetString("RunId") ?? "";
        }
    }

    private async Task<T?> FindAsync<T>(string partition, string key, CancellationToken cancellationToken)
        where T : class, ITableEntity
    {
        var answer = await _table.GetEntityIfExistsAsync<T>(partition, key, cancellationToken: cancellationToken);
        return answer.HasValue ? answer.Value : null;
    }
}
