using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>
/// Measures how long the scope that waits longest has waited for proof, and how many days and lists are gaps, a feed at a time.
/// </summary>
internal sealed class SyncMeasures(CheckpointStore checkpoints, GapStore gaps, TimeProvider time) : IJanitorTask
{
    public string Name => "sync measures";

    public TimeSpan Interval => TimeSpan.FromMinutes(4);

    public async Task RunAsync(JanitorRound round, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var rows = await checkpoints.AllAsync(cancellationToken);
        var open = rows.Exists(row => row.Gaps > 0) ? await gaps.ListAsync(cancellationToken) : [];
        foreach (var feed in rows.Where(row => row.RetiredAt is null).GroupBy(row => (row.Feed, row.ScopeKind)))
        {
            KeyValuePair<string, object?>[] tags = [new("feed", feed.Key.Feed), new("scope", feed.Key.ScopeKind)];
            var oldest = feed.Min(row => row.FreshAt ?? row.KnownSince ?? now);
            CubeMetrics.Staleness.Record((now - oldest).TotalHours, tags);
            CubeMetrics.Gaps.Record(open.Count(gap => gap.Feed == feed.Key.Feed && gap.State == GapState.Open), tags);
        }
    }
}
