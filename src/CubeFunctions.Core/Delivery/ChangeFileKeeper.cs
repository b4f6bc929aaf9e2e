using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Delivery;

/// <summary>
/// Keeps the change files of deliveries that have not ended: the account's lifecycle rules delete files by the day of their last change,
/// and would take what a person may still send.
/// </summary>
internal sealed class ChangeFileKeeper(DeliveryStore store, ChangeStore files, TimeProvider time) : IJanitorTask
{
    /// <summary>
    /// Files are deleted after 30 days at the least; with those that are renewed this late, weeks of failing are survived.
    /// </summary>
    private static readonly TimeSpan RenewAfter = TimeSpan.FromDays(7);
    private static readonly DeliveryState[] Open = [DeliveryState.Dead, DeliveryState.Waiting, DeliveryState.Deferred];

    /// <inheritdoc />
    public string Name => "change files";

    /// <inheritdoc />
    public TimeSpan Interval => TimeSpan.FromHours(6);

    /// <inheritdoc />
    public async Task RunAsync(JanitorRound round, CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - RenewAfter;
        foreach (var state in Open)
        {
            var paths = (await store.AllAsync(state, cancellationToken))
                .Where(row => row.IsOfStream && row.CreatedAt < before)
                .Select(row => row.Path)
                .Distinct();
            await round.EachAsync(paths, (path, token) => files.RenewAsync(path, before, token), cancellationToken);
        }
    }
}
