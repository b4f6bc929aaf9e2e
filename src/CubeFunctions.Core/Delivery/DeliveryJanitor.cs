using CubeFunctions.Core.Settings;





namespace CubeFunctions.Core.Delivery;

/// <summary>Makes up for messages that were never sent, and forgets deliveries that ended long ago.</summary>
public sealed class DeliveryJanitor(DeliveryStore store, ReceiverPause pause, DeliveryNotifier waker, DeliverySettings settings, RetentionSettings retention, TimeProvider time)
{
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromHours(6);

    /// <summary>A delivery that is younger is on its way.</summary>
    private static readonly TimeSpan OnItsWay = TimeSpan.FromMinutes(2);
    private DateTimeOffset _forgot;

    /// <summary>Wakes streams that have something to deliver; costs nothing where no receiver is set.</summary>
    /// <param name="force">True to wake all, however lately their deliveries came about.</param>
    /// <param name="cancellationToken">Ends the sweep.</param>
    public async Task SweepAsync(bool force, CancellationToken cancellationToken)
    {
        if (settings.Crm is null)
        {
            return;
        }

        var now = time.GetUtcNow();
        if (await pause.UntilAsync(cancellationToken) is null)
        {
            var waiting = await store.AllAsync(DeliveryState.Waiting, cancellationToken);
            foreach (var stream in waiting.Where(row => row.IsOfStream && (force || now - row.CreatedAt > OnItsWay)).Select(row => row.PartitionKey).Distinct())
            {
                await WakeAsync(stream, now, cancellationToken);
            }
        }

        if (now - _forgot > ForgetEvery)
        {
            _forgot = now;
            await store.RemoveEndedAsync(now.AddDays(-retention.Days), cancellationToken);
        }
    }

    /// <summary>One that is put off has a message of its own; whoever has one in hand may be dead.</summary>
    private async Task WakeAsync(string name, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var stream = await store.FindStreamAsync(name, cancellationToken);
        if (stream?.LeaseUntil > now)
        {
            await waker.WakeAsync(name, stream.LeaseUntil.Value - now, cancellationToken);
        }
        else if (!(stream?.WakeAt > now))
        {
            await waker.WakeAsync(name, TimeSpan.Zero, cancellationToken);
        }
    }
}
