using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>What people ask of runs and checkpoints.</summary>
public sealed class RunReader(RunStore runs, CheckpointStore checkpoints, RawStore raw, TimeProvider time)
{
    private static readonly string[] FreshnessColumns =
    [
        "PartitionKey",
        "RowKey",
        nameof(CheckpointRow.ScopeKind),
        nameof(CheckpointRow.ScopeId),
        nameof(CheckpointRow.Feed),
        nameof(CheckpointRow.Through),
        nameof(CheckpointRow.ProvenAt),
        nameof(CheckpointRow.GapReadAt),
        nameof(CheckpointRow.RetiredReason),
        nameof(CheckpointRow.DeletionsHeldBack),
        nameof(CheckpointRow.LeaseHolder),
        nameof(CheckpointRow.LeaseUntil),
    ];

    /// <summary>How many items a run has; 0 while it is planned.</summary>
    public async Task<int> ItemCountAsync(string runId, CancellationToken cancellationToken) =>
        (await runs.FindRunAsync(runId, cancellationToken))?.Items ?? 0;

    /// <summary>The manifest of a run that is closed, or null.</summary>
    public Task<RunManifest?> FindManifestAsync(string runId, CancellationToken cancellationToken) =>
        raw.FindRunManifestAsync(runId, cancellationToken);

    /// <summary>Runs that started within the last days, newest first.</summary>
    public async Task<IReadOnlyList<RunRow>> RecentAsync(int days, CancellationToken cancellationToken)
    {
        var rows = new List<RunRow>();
        await foreach (var row in runs.RunsSinceAsync(time.GetUtcNow().AddDays(-days), cancellationToken))
        {
            rows.Add(row);
        }

        rows.Reverse();
        return rows;
    }

    /// <summary>All checkpoints, by scope and feed.</summary>
    public async Task<IReadOnlyList<CheckpointRow>> CheckpointsAsync(CancellationToken cancellationToken) =>
        [
            .. (await checkpoints.AllAsync(cancellationToken))
                .OrderBy(row => row.PartitionKey, StringComparer.Ordinal)
                .ThenBy(row => row.RowKey, StringComparer.Ordinal),
        ];

    /// <summary>All checkpoints, by scope and feed, with what says how fresh each is: their readings are most of a row's weight.</summary>
    internal async Task<IReadOnlyList<CheckpointRow>> FreshnessAsync(CancellationToken cancellationToken) =>
        [
            .. (await checkpoints.AllAsync(cancellationToken, FreshnessColumns))
                .OrderBy(row => row.PartitionKey, StringComparer.Ordinal)
                .ThenBy(row => row.RowKey, StringComparer.Ordinal),
        ];

    /// <summary>Items of a run that failed.</summary>
    public async Task<IReadOnlyList<ItemRow>> FailedAsync(string runId, CancellationToken cancellationToken) =>
        await runs.ItemsInAsync(runId, [ItemState.Failed], cancellationToken).ToListAsync(cancellationToken);

    /// <summary>Items of a run that failed or are not proven.</summary>
    internal async Task<IReadOnlyList<ItemRow>> ShortfallsAsync(string runId, CancellationToken cancellationToken) =>
        await runs.ItemsInAsync(runId, [ItemState.Failed, ItemState.Unproven], cancellationToken).ToListAsync(cancellationToken);

    /// <summary>How many items of a run are in each state: a read for a thousand items.</summary>
    internal Task<IReadOnlyDictionary<ItemState, int>> CountItemsAsync(string runId, CancellationToken cancellationToken) =>
        runs.CountItemsAsync(runId, cancellationToken);
}
