using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Sync;

/// <summary>Runs that are not closed, oldest first, and the row of each kind: read together, in one query.</summary>
internal sealed record OpenRuns(List<RunRow> Runs, Dictionary<RunKind, RunRow> Kinds)
{
    /// <summary>The run of the kind that is being planned, or null: what it will have in hand is not known yet.</summary>
    public RunRow? PlanningOf(RunKind kind) => Runs.Find(run => run.Kind == kind && run.Status == RunStatus.Planning);

    /// <summary>The runs of the kind that have items in hand.</summary>
    public IEnumerable<RunRow> RunningOf(RunKind kind) => Runs.Where(run => run.Kind == kind && run.Status == RunStatus.Running);
}
