using CubeFunctions.Core.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Core.Delivery;

/// <summary>What people ask of deliveries to the CRM, and do with the dead.</summary>
public sealed class DeliveryReader(
    DeliveryStore store,
    [FromKeyedServices(ReceiverFlag.Name)] SharedFlag pause,
    QueueNotifier<ChangeMessage> notifier,
    TimeProvider time
)
{
    /// <summary>Tries that follow each other within seconds.</summary>
    private const int FewFailures = 3;

    /// <summary>Deliveries in a state, oldest first.</summary>
    public async Task<IReadOnlyList<DeliveryRow>> InStateAsync(DeliveryState state, CancellationToken cancellationToken) =>
        [.. (await store.AllAsync(state, cancellationToken)).OrderBy(row => row.CreatedAt)];

    /// <summary>
    /// Until when the receiver is left alone; <see cref="DateTimeOffset.MaxValue"/> when it answered 410; null when it is not.
    /// </summary>
    public async Task<DateTimeOffset?> PausedUntilAsync(CancellationToken cancellationToken) =>
        (await pause.GetAsync(cancellationToken))?.Until;

    /// <summary>
    /// Whether something is on its way that the receiver may take within moments: not what is rescheduled for longer, or waits for a
    /// person.
    /// </summary>
    public async Task<bool> AnyDueAsync(CancellationToken cancellationToken)
    {
        if (await pause.GetAsync(cancellationToken) is not null)
        {
            return false;
        }

        var dead = (await store.AllAsync(DeliveryState.Dead, cancellationToken))
            .Where(row => row.IsFile)
            .Select(row => row.PartitionKey)
            .ToHashSet();
        foreach (
            var name in (await store.AllAsync(DeliveryState.Waiting, cancellationToken))
                .Where(row => row.IsFile)
                .Select(row => row.PartitionKey)
                .Distinct()
        )
        {
            if (
                !dead.Contains(name)
                && (await store.FindStreamAsync(name, cancellationToken) is not { } stream || stream.Failures <= FewFailures)
            )
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Sends dead deliveries again; all of them where no id is given, but deletions that are held back only by their id. A receiver that
    /// answered 410 is asked again, too.
    /// </summary>
    /// <returns>How many, and the ids that name no dead delivery.</returns>
    public async Task<(int Count, IReadOnlyList<string> Unknown)> ReplayAsync(
        IReadOnlyList<string> ids,
        CancellationToken cancellationToken
    )
    {
        var (dead, unknown) = await DeadAsync(ids, cancellationToken);
        if (unknown.Count > 0)
        {
            return (0, unknown);
        }

        await pause.LiftAsync(cancellationToken);
        await ChangeAsync(dead, DeliveryState.Waiting, cancellationToken);
        if (ids.Count == 0)
        {
            // What a 410 stopped is not dead, and waits as well.
            await WakeAsync(await store.AllAsync(DeliveryState.Waiting, cancellationToken), cancellationToken);
        }

        return (dead.Count, unknown);
    }

    /// <summary>Gives dead deliveries up; all of them where no id is given. What waited behind them goes on.</summary>
    /// <returns>How many, and the ids that name no dead delivery.</returns>
    public async Task<(int Count, IReadOnlyList<string> Unknown)> DropAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var (dead, unknown) = await DeadAsync(ids, cancellationToken);
        if (unknown.Count > 0)
        {
            return (0, unknown);
        }

        await ChangeAsync(dead, DeliveryState.Dropped, cancellationToken);
        return (dead.Count, unknown);
    }

    private async Task<(List<DeliveryRow> Dead, IReadOnlyList<string> Unknown)> DeadAsync(
        IReadOnlyList<string> ids,
        CancellationToken cancellationToken
    )
    {
        var all = await store.AllAsync(DeliveryState.Dead, cancellationToken);

        // What is held back is released one by one, by a person who has looked.
        return ids.Count == 0
            ? (all.FindAll(row => row.IsOfStream), [])
            : (all.FindAll(row => ids.Contains(row.Id)), [.. ids.Where(id => !all.Exists(row => row.Id == id))]);
    }

    private async Task ChangeAsync(List<DeliveryRow> dead, DeliveryState state, CancellationToken cancellationToken)
    {
        foreach (var row in dead)
        {
            row.State = state;
            row.CompletedAt = state == DeliveryState.Waiting ? null : time.GetUtcNow();
            await store.Table.SaveAsync(row, cancellationToken);
        }

        await WakeAsync(dead, cancellationToken);
    }

    private async Task WakeAsync(IEnumerable<DeliveryRow> rows, CancellationToken cancellationToken)
    {
        foreach (var stream in rows.Where(row => row.IsOfStream).Select(row => row.PartitionKey).Distinct())
        {
            await store.ResetFailuresAsync(stream, cancellationToken);
            await notifier.SendAsync(ChangeMessage.Create(stream), TimeSpan.Zero, cancellationToken);
        }
    }
}
