using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>What people ask of runs and checkpoints.</summary>
public sealed class RunReader(RunStore runs, CheckpointStore checkpoints, RawStore raw, TimeProvider time)
{
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
        [.. (await checkpoints.AllAsync(cancellationToken)).OrderBy(row => row.PartitionKey, StringComparer.Ordinal).ThenBy(row => row.RowKey, StringComparer.Ordinal)];

    /// <summary>Items of a run that failed.</summary>
    public async Task<IReadOnlyList<ItemRow>> FailedAsync(string runId, CancellationToken cancellationToken)
    {
        var rows = new List<ItemRow>();
        await foreach (var row in runs.ItemsAsync(runId, cancellationToken))
        {
            if (row.State == ItemState.Failed)
            {
                rows.Add(row);
            }
        }

        return rows;
    }
}
