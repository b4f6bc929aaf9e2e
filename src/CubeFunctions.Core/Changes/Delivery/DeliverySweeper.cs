using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Changes;

/// <summary>Makes up for messages that were never sent, and forgets deliveries that ended long ago.</summary>
public sealed class DeliverySweeper(DeliveryStore store, ChangeWaker waker, AppSettings settings, TimeProvider time)
{
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromHours(6);

    /// <summary>A delivery that is younger is on its way.</summary>
    private static readonly TimeSpan OnItsWay = TimeSpan.FromMinutes(2);
    private DateTimeOffset _forgot = time.GetUtcNow();

    /// <summary>Wakes streams that have something to deliver; costs nothing where no receiver is set.</summary>
    /// <param name="force">True to wake all, however lately their deliveries came about.</param>
    /// <param name="cancellationToken">Ends the sweep.</param>
    public async Task SweepAsync(bool force, CancellationToken cancellationToken)
    {
        if (settings.Changes.Crm is null)
        {
            return;
        }

        var now = time.GetUtcNow();
        foreach (var stream in (await store.AllAsync(DeliveryState.Waiting, cancellationToken)).Where(row => row.IsOfStream && (force || now - row.CreatedAt > OnItsWay)).Select(row => row.PartitionKey).Distinct())
        {
            await waker.WakeAsync(stream, TimeSpan.Zero, cancellationToken);
        }

        if (now - _forgot > ForgetEvery)
        {
            _forgot = now;
            await store.RemoveEndedAsync(now.AddDays(-settings.RetentionDays), cancellationToken);
        }
    }
}
