using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Delivery;

/// <summary>Notifies streams whose messages were never sent or whose worker died, and purges deliveries that ended long ago.</summary>
public sealed class DeliveryJanitor(
    DeliveryStore store,
    [FromKeyedServices(ReceiverFlag.Name)] SharedFlag pause,
    QueueNotifier<ChangeMessage> notifier,
    DeliverySettings settings,
    RetentionSettings retention,
    TimeProvider time,
    ILogger<DeliveryJanitor> logger
) : IJanitorTask
{
    private static readonly TimeSpan PurgeEvery = TimeSpan.FromHours(6);

    /// <summary>A delivery that is younger is on its way.</summary>
    private static readonly TimeSpan OnItsWay = TimeSpan.FromMinutes(2);
    private DateTimeOffset _purgedAt;

    /// <inheritdoc />
    public string Name => "deliveries";

    /// <inheritdoc />
    public TimeSpan Interval => TimeSpan.FromMinutes(1);

    /// <summary>One round by itself, for hosts that do not run the janitor of all lanes.</summary>
    /// <param name="force">True to notify all, however lately their deliveries came about.</param>
    /// <param name="cancellationToken">Ends the round.</param>
    public Task RunOnceAsync(bool force, CancellationToken cancellationToken) =>
        RunAsync(new JanitorRound(Name, force, logger), cancellationToken);

    /// <inheritdoc />
    public async Task RunAsync(JanitorRound round, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (settings.Crm is not null && await pause.GetAsync(cancellationToken) is null)
        {
            var waiting = await store.AllAsync(DeliveryState.Waiting, cancellationToken);
            var streams = waiting
                .Where(row => row.IsOfStream && (round.Force || now - row.CreatedAt > OnItsWay))
                .Select(row => row.PartitionKey)
                .Distinct();
            await round.EachAsync(streams, (stream, token) => WakeAsync(stream, now, token), cancellationToken);
        }

        if (!round.Force && now - _purgedAt > PurgeEvery)
        {
            _purgedAt = now;
            await store.RepairUnknownAsync(cancellationToken);
            var before = now.AddDays(-retention.Days);
            await round.EachAsync(
                store.EndedAsync(before, cancellationToken),
                (row, token) => store.Table.DeleteAsync(row, token),
                cancellationToken
            );
        }
    }

    /// <summary>One that was rescheduled has a message of its own; the worker of one that is held may be dead.</summary>
    private async Task WakeAsync(string name, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var stream = await store.FindStreamAsync(name, cancellationToken);
        if (stream?.IsHeld(now) == true)
        {
            await notifier.SendAsync(ChangeMessage.Create(name), stream.LeaseUntil!.Value - now, cancellationToken);
        }
        else if (!(stream?.WakeAt > now))
        {
            await notifier.SendAsync(ChangeMessage.Create(name), TimeSpan.Zero, cancellationToken);
        }
    }
}
