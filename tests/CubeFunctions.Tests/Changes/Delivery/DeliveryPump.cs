using CubeFunctions.Core.Delivery;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Changes.Delivery;

/// <summary>Delivers without the queue, with the clock moved on to when each stream may be tried again.</summary>
internal static class DeliveryPump
{
    /// <summary>Delivers until nothing waits, or nothing that waits may go.</summary>
    /// <param name="app">The application.</param>
    /// <param name="clock">Its clock.</param>
    /// <param name="most">The most time that passes.</param>
    public static async Task DeliverAsync(TestApp app, ShiftedClock clock, TimeSpan most)
    {
        var end = clock.GetUtcNow() + most;
        while (clock.GetUtcNow() < end)
        {
            var waiting = await app.Get<DeliveryStore>().AllAsync(DeliveryState.Waiting, TestContext.Current.CancellationToken);
            if (waiting.Count == 0)
            {
                return;
            }

            await Parallel.ForEachAsync(
                waiting.Select(row => row.PartitionKey).Distinct(),
                TestContext.Current.CancellationToken,
                async (stream, token) => await app.Get<DeliveryWorker>().DeliverAsync(stream, token)
            );
            clock.Advance(TimeSpan.FromSeconds(30));
        }
    }

    public static Task<IReadOnlyList<DeliveryRow>> RowsAsync(TestApp app, DeliveryState state) =>
        app.Get<DeliveryReader>().InStateAsync(state, TestContext.Current.CancellationToken);
}
