using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Core.Upserts;

namespace CubeFunctions.Core.Operations;

/// <summary>Measures what holds work up: messages that nobody takes, and pauses.</summary>
internal sealed class FlowMeasures(
    QueueNotifier<SyncMessage> items,
    QueueNotifier<UpsertMessage> upserts,
    QueueNotifier<ChangeMessage> changes,
    SharedFlags flags,
    TimeProvider time
) : IJanitorTask
{
    public string Name => "flow measures";

    public TimeSpan Interval => TimeSpan.FromMinutes(4);

    public async Task RunAsync(JanitorRound round, CancellationToken cancellationToken)
    {
        await RecordAgeAsync(items, cancellationToken);
        await RecordAgeAsync(upserts, cancellationToken);
        await RecordAgeAsync(changes, cancellationToken);
        foreach (var flag in flags.All)
        {
            var now = time.GetUtcNow();
            var up = await flag.GetAsync(cancellationToken) is { } state ? now - (state.Since ?? now) : TimeSpan.Zero;
            CubeMetrics.Pauses.Record(up.TotalSeconds, new KeyValuePair<string, object?>("name", flag.Name));
        }
    }

    private static async Task RecordAgeAsync<T>(QueueNotifier<T> queue, CancellationToken cancellationToken)
        where T : class, IQueueMessage<T> =>
        CubeMetrics.QueueAge.Record(
            (await queue.FindAgeAsync(cancellationToken)).TotalSeconds,
            new KeyValuePair<string, object?>("queue", T.Queue)
        );
}
