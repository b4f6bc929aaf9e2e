using System.Collections.Concurrent;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>Rows of runs and items.</summary>
public sealed class RunStore(StorageClients storage)
{
    private const int BatchSize = 100;
    private readonly TableClient _table = storage.Runs;

    /// <summary>Items that this process planned, each good for one claim without a read: what became of one meanwhile shows at the lease's row.</summary>
    private readonly ConcurrentDictionary<(string, string), ItemRow> _planned = new();

    /// <summary>Runs that this process planned, each good for one look without a read: a change by others shows at its ETag.</summary>
    private readonly ConcurrentDictionary<string, RunRow> _plannedRuns = new();

    /// <summary>What was listed last, good for one start.</summary>
    private OpenRuns? _listed;

    /// <summary>The run as this process planned it just now, or as it is stored.</summary>
    internal async Task<RunRow?> FindRunToCloseAsync(string runId, CancellationToken cancellationToken) =>
        _plannedRuns.TryRemove(runId, out var planned) ? planned : await FindRunAsync(runId, cancellationToken);

    /// <summary>Says that the run is planned whole.</summary>
    /// <returns>False when another planner has taken over.</returns>
    internal async Task<bool> TryEndPlanAsync(RunRow run, CancellationToken cancellationToken)
    {
        if (!await TryUpdateAsync(run, cancellationToken))
        {
            return false;
        }

        _plannedRuns.Clear();
        _plannedRuns[run.RowKey] = run;
        return true;
    }

    internal async Task<RunRow?> FindRunAsync(string runId, CancellationToken cancellationToken) =>
        await FindAsync<RunRow>(RunRow.Partition, runId, cancellationToken);

    internal async Task<ItemRow?> FindItemAsync(string runId, string itemKey, CancellationToken cancellationToken) =>
        await FindAsync<ItemRow>(runId, itemKey, cancellationToken);

    /// <summary>The item as it was planned by this process just now, or as it is stored.</summary>
    internal async Task<ItemRow?> FindItemToClaimAsync(string runId, string itemKey, CancellationToken cancellationToken) =>
        _planned.TryRemove((runId, itemKey), out var planned) ? planned : await FindItemAsync(runId, itemKey, cancellationToken);

    internal async Task AddRunAsync(RunRow run, CancellationToken cancellationToken)
    {
        try
        {
            run.ETag = (await _table.AddEntityAsync(run, cancellationToken)).Headers.ETag!.Value;
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == TableErrorCode.TableNotFound)
        {
            await storage.CreateSyncLaneAsync(cancellationToken);
            run.ETag = (await _table.AddEntityAsync(run, cancellationToken)).Headers.ETag!.Value;
        }
    }

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

    /// <summary>Runs that are not closed, and the kinds' rows. Creates the tables of the lane where they are missing.</summary>
    internal async Task<OpenRuns> OpenRunsAsync(CancellationToken cancellationToken)
    {
        var open = new OpenRuns([], []);
        try
        {
            await foreach (var row in _table.QueryAsync<RunRow>(
                row => row.PartitionKey == RunRow.Partition
                    && (row.Status == nameof(RunStatus.Planning) || row.Status == nameof(RunStatus.Running) || row.RowKey.CompareTo(RunRow.KindPrefix) >= 0),
                cancellationToken: cancellationToken))
            {
                if (row.RowKey.StartsWith(RunRow.KindPrefix, StringComparison.Ordinal))
                {
                    open.Kinds[row.Kind] = row;
                }
                else
                {
                    open.Runs.Add(row);
                }
            }
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == TableErrorCode.TableNotFound)
        {
            await storage.CreateSyncLaneAsync(cancellationToken);
        }

        _listed = open;
        return open;
    }

    /// <summary>Runs that started at or after <paramref name="since"/>, oldest first.</summary>
    internal IAsyncEnumerable<RunRow> RunsSinceAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        var floor = RunId.Floor(since);
        return _table.QueryAsync<RunRow>(row => row.PartitionKey == RunRow.Partition && row.RowKey.CompareTo(floor) >= 0 && row.RowKey.CompareTo(RunRow.KindPrefix) < 0, cancellationToken: cancellationToken);
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

    /// <summary>Adds a run and makes it the active one of its kind, in one step.</summary>
    /// <returns>Null on success; else the id of the run that is active.</returns>
    internal async Task<string?> TryStartAsync(RunRow run, CancellationToken cancellationToken)
    {
        // What was listed a moment ago may be used once: an outdated row is refused by its ETag.
        var listed = Interlocked.Exchange(ref _listed, null);
        while (true)
        {
            var open = listed ?? await OpenRunsAsync(cancellationToken);
            if (open.ActiveOf(run.RunKind) is { } active)
            {
                if (listed is null)
                {
                    return active;
                }

                listed = null;
                continue;
            }

            var kind = open.Kinds.GetValueOrDefault(run.Kind);
            var next = new RunRow { RowKey = RunRow.KindPrefix + run.Kind, Kind = run.Kind, LastRun = run.RowKey, StartedAt = run.StartedAt };
            try
            {
                var answers = await _table.SubmitTransactionAsync(
                    [
                        new TableTransactionAction(TableTransactionActionType.Add, run),
                        kind is null
                            ? new TableTransactionAction(TableTransactionActionType.Add, next)
                            : new TableTransactionAction(TableTransactionActionType.UpdateReplace, next, kind.ETag),
                    ],
                    cancellationToken);
                run.ETag = answers.Value[0].Headers.ETag!.Value;
                return null;
            }
            catch (RequestFailedException exception) when (exception.Status is 409 or 412)
            {
                // Another run of the kind was started meanwhile, or our own answer was lost.
                listed = null;
                if (await FindRunAsync(run.RowKey, cancellationToken) is { } ours)
                {
                    run.ETag = ours.ETag;
                    return null;
                }
            }
        }
    }

    private async Task<T?> FindAsync<T>(string partition, string key, CancellationToken cancellationToken)
        where T : class, ITableEntity
    {
        var answer = await _table.GetEntityIfExistsAsync<T>(partition, key, cancellationToken: cancellationToken);
        return answer.HasValue ? answer.Value : null;
    }
}
