using CubeFunctions.Core.Model;




namespace CubeFunctions.Core.Sync;

/// <summary>Runs that are not closed, oldest first, and the row of each kind: read together, in one query.</summary>
internal sealed record OpenRuns(List<RunRow> Runs, Dictionary<string, RunRow> Kinds)
{
    /// <summary>The run of the kind that is active, or null.</summary>
    public string? ActiveOf(RunKind kind) =>
        Kinds.TryGetValue(kind.ToString(), out var row) && Runs.Exists(run => run.RowKey == row.LastRun) ? row.LastRun : null;
}
