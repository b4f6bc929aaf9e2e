using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Operations;

/// <summary>What the newest runs did not read, or could not prove: the newest of each scope and feed, until it is proven.</summary>
internal sealed class Shortfalls(RunReader runs)
{
    private const int MostRuns = 20;

    /// <summary>More of them are one failure with one cause, such as a credential.</summary>
    private const int MostItems = 1000;

    /// <summary>Finds them.</summary>
    /// <param name="recent">Runs, newest first.</param>
    /// <param name="scopes">All checkpoints.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    public async Task<(IReadOnlyList<FailedItem> Failed, IReadOnlyList<FailedItem> Unproven)> FindAsync(
        IReadOnlyList<RunRow> recent,
        IReadOnlyList<CheckpointRow> scopes,
        CancellationToken cancellationToken
    )
    {
        var rows = scopes.ToDictionary(row => (row.PartitionKey, row.RowKey));
        var seen = new HashSet<(string, string, bool)>();
        var (failed, unproven) = (new List<FailedItem>(), new List<FailedItem>());
        foreach (var run in recent.Where(run => run.Failed + run.Unproven > 0).Take(MostRuns))
        {
            foreach (var item in await runs.ShortfallsAsync(run.RowKey, cancellationToken))
            {
                var scope = CheckpointRow.PartitionOf(item.Scope);
                if (
                    failed.Count + unproven.Count < MostItems
                    && seen.Add((scope, item.Feed, IsManual(item)))
                    && !IsOver(item, rows.GetValueOrDefault((scope, item.Feed)))
                )
                {
                    (item.State == ItemState.Failed ? failed : unproven).Add(
                        new FailedItem(
                            $"{run.RowKey}/{item.RowKey}",
                            run.RowKey,
                            item.Feed,
                            item.ScopeKind,
                            item.ScopeId,
                            item.Reason ?? "unknown",
                            item.CompletedAt
                        )
                    );
                }
            }
        }

        return (failed, unproven);
    }

    /// <summary>
    /// A later run has proven it or keeps it as a gap, or it is read no more. Nobody reads the days of a manual run again.
    /// </summary>
    private static bool IsOver(ItemRow item, CheckpointRow? row) =>
        !IsManual(item) && row is not null && (row.RetiredReason is not null || row.FreshAt > item.CompletedAt);

    private static bool IsManual(ItemRow item) => item.Kind == RunKind.Manual;
}
