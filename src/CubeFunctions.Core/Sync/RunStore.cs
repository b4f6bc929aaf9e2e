using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>Rows of runs and items: the owner of <c>CubeRuns</c>.</summary>
public sealed class RunStore(StorageClients storage)
{
    private const string CancelPartition = "cancel";
    private const string UnreadableReason = "Unexpected: its row cannot be read";
    private static readonly string[] ItemOutcome =
    [
        "PartitionKey",
        "RowKey",
        nameof(ItemRow.Feed),
        nameof(ItemRow.ScopeKind),
        nameof(ItemRow.ScopeId),
        nameof(ItemRow.Kind),
        nameof(ItemRow.State),
        nameof(ItemRow.CompletedAt),
        nameof(ItemRow.ReasonKind),
        nameof(ItemRow.Reason),
    ];

    private readonly OptimisticTable _table = new(storage.Runs, storage.CreateSyncLaneAsync);

    /// <summary>Items that this process planned: what became of one meanwhile shows at the lease's row.</summary>
    private readonly RowHints<ItemRow> _planned = new();

    /// <summary>The run that this process planned or looked at last, for the worker that closes it.</summary>
    private readonly RowHints<RunRow> _plannedRuns = new();

    /// <summary>
    /// What was listed last, for one start of a run: one that another process starts meanwhile shows at the row of its kind.
    /// </summary>
    private OpenRuns? _open;

    internal OptimisticTable Table => _table;

    internal Task<RunRow?> FindRunAsync(string runId, CancellationToken cancellationToken) =>
        _table.FindOrRepairAsync(RunRow.Partition, runId, RepairRunAsync, cancellationToken);

    /// <summary>Keeps a run that was just planned, or found open, for the worker that closes it.</summary>
    internal void Expect(RunRow run) => _plannedRuns.Replace([run]);

    /// <summary>The run as this process has just written or read it, or as it is stored.</summary>
    internal async Task<RunRow?> FindRunToCloseAsync(string runId, CancellationToken cancellationToken) =>
        _plannedRuns.Take(RunRow.Partition, runId) ?? await FindRunAsync(runId, cancellationToken);

    /// <summary>Notes that a person has cancelled a run, in a row of its own that has no other writer.</summary>
    internal Task NoteCancelledAsync(string runId, DateTimeOffset at, CancellationToken cancellationToken) =>
        _table.PutAsync(new TableEntity(CancelPartition, runId) { ["SchemaVersion"] = 1, ["At"] = at }, cancellationToken);

    /// <summary>Whether a person has cancelled a run.</summary>
    internal async Task<bool> IsCancelledAsync(string runId, CancellationToken cancellationToken) =>
        await _table.FindAsync<TableEntity>(CancelPartition, runId, cancellationToken) is not null;

    internal Task<ItemRow?> FindItemAsync(string runId, string itemKey, CancellationToken cancellationToken) =>
        _table.FindOrRepairAsync(runId, itemKey, RepairItemAsync, cancellationToken);

    /// <summary>The item as it was planned by this process just now, or as it is stored.</summary>
    internal async Task<ItemRow?> FindItemToClaimAsync(string runId, string itemKey, CancellationToken cancellationToken) =>
        _planned.Take(runId, itemKey) ?? await FindItemAsync(runId, itemKey, cancellationToken);

    /// <summary>Replaces a row that was not changed since it was read.</summary>
    /// <returns>False when it was changed.</returns>
    internal async Task<bool> TryUpdateAsync(ITableEntity row, CancellationToken cancellationToken) =>
        await _table.SaveAsync(row, cancellationToken) == StorageOutcome.Saved;

    /// <summary>Changes an open item's row, again on top of whatever else changed it.</summary>
    /// <returns>False when the item has ended already.</returns>
    internal async Task<bool> TryChangeAsync(ItemRow item, Action<ItemRow> change, CancellationToken cancellationToken)
    {
        change(item);
        while (!await TryUpdateAsync(item, cancellationToken))
        {
            if (await FindItemAsync(item.PartitionKey, item.RowKey, cancellationToken) is not { IsOpen: true } current)
            {
                return false;
            }

            item.ETag = current.ETag;
        }

        return true;
    }

    /// <summary>Adds the items that are not there yet.</summary>
    internal async Task AddItemsAsync(
        string runId,
        IReadOnlyCollection<ItemRow> items,
        bool someMayExist,
        CancellationToken cancellationToken
    )
    {
        var existing = new HashSet<string>();
        if (someMayExist)
        {
            await foreach (var row in _table.QueryAsync<TableEntity>(OfRun(runId), ["RowKey"], cancellationToken))
            {
                existing.Add(row.RowKey);
            }
        }

        var missing = items.Where(item => !existing.Contains(item.RowKey)).ToList();
        foreach (var batch in missing.Chunk(OptimisticTable.MaxBatch))
        {
            await _table.WriteAsync([.. batch.Select(RowWrite.Add)], cancellationToken);
        }

        _planned.Replace(missing.Where(item => item.IsOpen && item.ETag != default));
    }

    internal IAsyncEnumerable<ItemRow> ItemsAsync(string runId, CancellationToken cancellationToken) =>
        ReadItemsAsync(OfRun(runId), cancellationToken);

    internal IAsyncEnumerable<ItemRow> OpenItemsAsync(string runId, CancellationToken cancellationToken) =>
        ReadItemsAsync($"{OfRun(runId)} and State eq '{nameof(ItemState.Waiting)}'", cancellationToken);

    /// <summary>Items in a state, without what their windows gave.</summary>
    internal IAsyncEnumerable<ItemRow> ItemsInAsync(
        string runId,
        IReadOnlyCollection<ItemState> states,
        CancellationToken cancellationToken
    ) =>
        _table.QueryOrRepairAsync(
            $"{OfRun(runId)} and ({string.Join(" or ", states.Select(static state => $"State eq '{state}'"))})",
            RepairItemAsync,
            cancellationToken,
            ItemOutcome
        );

    /// <summary>How many items of a run are in each state.</summary>
    internal async Task<IReadOnlyDictionary<ItemState, int>> CountItemsAsync(string runId, CancellationToken cancellationToken)
    {
        var counts = new Dictionary<ItemState, int>();
        await foreach (var row in _table.QueryAsync<TableEntity>(OfRun(runId), [nameof(ItemRow.State)], cancellationToken))
        {
            if (Enum.TryParse<ItemState>(row.Find<string>(nameof(ItemRow.State)), out var state))
            {
                counts[state] = counts.GetValueOrDefault(state) + 1;
            }
        }

        return counts;
    }

    internal async Task<bool> AnyOpenItemAsync(string runId, CancellationToken cancellationToken)
    {
        await foreach (
            var row in _table.QueryAsync<TableEntity>(
                $"{OfRun(runId)} and State eq '{nameof(ItemState.Waiting)}'",
                ["RowKey"],
                cancellationToken
            )
        )
        {
            return row.RowKey.Length > 0;
        }

        return false;
    }

    /// <summary>Runs that are not closed, oldest first, and the kinds' rows. A row that cannot be read is closed as failed.</summary>
    internal async Task<OpenRuns> OpenRunsAsync(CancellationToken cancellationToken)
    {
        var open = new OpenRuns([], []);
        // What has not ended, rather than what is open: a run whose status is no name is to be seen.
        var ended = string.Join(
            " and ",
            Enum.GetValues<RunStatus>().Except([RunStatus.Planning, RunStatus.Running]).Select(status => $"Status ne '{status}'")
        );
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {RunRow.Partition} and RowKey ge {RunRow.KindPrefix}");
        filter = $"({filter}) or (PartitionKey eq '{RunRow.Partition}' and {ended})";
        await foreach (var row in _table.QueryOrRepairAsync(filter, RepairRunAsync, cancellationToken))
        {
            if (row.RowKey.StartsWith(RunRow.KindPrefix, StringComparison.Ordinal))
            {
                open.Kinds[row.Kind] = row;
            }
            else if (row.IsOpen)
            {
                open.Runs.Add(row);
            }
        }

        _open = open;
        return open;
    }

    /// <summary>The runs that are open, as this process listed them last, or as they are stored.</summary>
    internal async Task<OpenRuns> OpenRunsToStartAsync(CancellationToken cancellationToken) =>
        Interlocked.Exchange(ref _open, null) ?? await OpenRunsAsync(cancellationToken);

    /// <summary>Runs that started at or after <paramref name="since"/>, oldest first.</summary>
    internal IAsyncEnumerable<RunRow> RunsSinceAsync(DateTimeOffset since, CancellationToken cancellationToken) =>
        _table.QueryOrRepairAsync(
            TableClient.CreateQueryFilter(
                $"PartitionKey eq {RunRow.Partition} and RowKey ge {RunId.Floor(since)} and RowKey lt {RunRow.KindPrefix}"
            ),
            RepairRunAsync,
            cancellationToken
        );

    /// <summary>Ended runs that started before <paramref name="before"/>, oldest first.</summary>
    internal IAsyncEnumerable<RunRow> EndedBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        _table
            .QueryOrRepairAsync(
                TableClient.CreateQueryFilter($"PartitionKey eq {RunRow.Partition} and RowKey lt {RunId.Floor(before)}"),
                RepairRunAsync,
                cancellationToken
            )
            .Where(run => !run.IsOpen);

    /// <summary>Removes a run with its items.</summary>
    internal async Task RemoveAsync(RunRow run, CancellationToken cancellationToken)
    {
        var items = await _table
            .QueryAsync<TableEntity>(OfRun(run.RowKey), ["PartitionKey", "RowKey"], cancellationToken)
            .ToListAsync(cancellationToken);
        foreach (var batch in items.Chunk(OptimisticTable.MaxBatch))
        {
            await _table.WriteAsync(
                [.. batch.Select(item => RowWrite.Delete(new TableEntity(item.PartitionKey, item.RowKey) { ETag = ETag.All }))],
                cancellationToken
            );
        }

        await _table.DeleteAsync(new TableEntity(CancelPartition, run.RowKey) { ETag = ETag.All }, cancellationToken);
        await _table.DeleteAsync(new TableEntity(RunRow.Partition, run.RowKey) { ETag = ETag.All }, cancellationToken);
    }

    private static string OfRun(string runId) => TableClient.CreateQueryFilter($"PartitionKey eq {runId}");

    private IAsyncEnumerable<ItemRow> ReadItemsAsync(string filter, CancellationToken cancellationToken) =>
        _table.QueryOrRepairAsync(filter, RepairItemAsync, cancellationToken);

    /// <summary>An item whose row cannot be read has failed: what its key says is put in the row's place.</summary>
    private async Task<ItemRow> RepairItemAsync(TableEntity garbled, CancellationToken cancellationToken)
    {
        var parts = garbled.RowKey.Split('|');
        var scope = parts.Length == 3 ? Scope.Parse(parts[2]) ?? Scope.Tenant : Scope.Tenant;
        var row = new ItemRow
        {
            PartitionKey = garbled.PartitionKey,
            RowKey = garbled.RowKey,
            Feed =
                parts.Length == 3 && FeedCatalogue.Find(parts[1], scope.Kind) is { } feed ? feed.Setting : FeedCatalogue.Campaigns.Setting,
            ScopeKind = scope.KindName,
            ScopeId = scope.Id,
            State = ItemState.Failed,
            ReasonKind = nameof(FailureKind.Unexpected),
            Reason = UnreadableReason,
        };
        await _table.PutAsync(row, cancellationToken);
        return row;
    }

    private async Task<RunRow> RepairRunAsync(TableEntity garbled, CancellationToken cancellationToken)
    {
        var runId = garbled.RowKey;
        var row = new RunRow
        {
            RowKey = runId,
            Kind = RunKind.Manual,
            Status = RunStatus.Failed,
            Reason = UnreadableReason,
        };
        if (runId.StartsWith(RunRow.KindPrefix, StringComparison.Ordinal))
        {
            row.Status = null;
            row.Kind = Enum.TryParse<RunKind>(runId[RunRow.KindPrefix.Length..], out var kind) ? kind : RunKind.Manual;
        }

        await _table.PutAsync(row, cancellationToken);
        return row;
    }
}
