using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>Purges the rows of ended runs that are older than the retention.</summary>
internal sealed class RunHistory(RunStore runs, RetentionSettings retention, TimeProvider time) : IJanitorTask
{
    /// <summary>Runs that are purged in one round; the next goes on.</summary>
    private const int MostAtOnce = 50;

    public string Name => "run history";

    public TimeSpan Interval => TimeSpan.FromHours(6);

    public Task RunAsync(JanitorRound round, CancellationToken cancellationToken) =>
        round.EachAsync(
            runs.EndedBeforeAsync(time.GetUtcNow() - TimeSpan.FromDays(retention.Days), cancellationToken).Take(MostAtOnce),
            runs.RemoveAsync,
            cancellationToken
        );
}
