using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Core.Upserts;
using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Local.Hosting;

/// <summary>A queue and its handler, the twin of a queue function.</summary>
/// <param name="Name">The queue.</param>
/// <param name="Parallel">The most messages handled at once.</param>
/// <param name="Handle">Takes a message.</param>
internal sealed record LocalQueue(string Name, int Parallel, Func<string, CancellationToken, Task> Handle)
{
    /// <summary>Holds what failed too often; empty as a rule.</summary>
    public bool IsPoison => Name.EndsWith(StorageNames.PoisonSuffix, StringComparison.Ordinal);
}

/// <summary>The queues of the app.</summary>
internal static class LocalQueues
{
    /// <summary>Bounds memory: each item may have a window half read.</summary>
    private const int MostItemsAtOnce = 32;

    public static IReadOnlyList<LocalQueue> Of(IServiceProvider services)
    {
        // Half as many again as keep Cube busy: an item that ended waits a moment for others, so that their rows go as one transaction, and
        // its place is not to stay empty meanwhile. No more than that: what one process holds, no other one can read.
        var requests = services.GetRequiredService<CubeSettings>().MaxConcurrentRequests;
        var itemsAtOnce = Math.Min(requests + Math.Max(1, requests / 2), MostItemsAtOnce);
        var items = services.GetRequiredService<ItemWorker>();
        var changes = services.GetRequiredService<DeliveryWorker>();
        var upserts = services.GetRequiredService<UpsertWorker>();
        return
        [
            new LocalQueue(StorageNames.SyncQueue, itemsAtOnce, items.HandleAsync),
            new LocalQueue(StorageNames.SyncQueue + StorageNames.PoisonSuffix, 1, items.HandlePoisonAsync),
            new LocalQueue(StorageNames.UpsertsQueue, 16, upserts.HandleAsync),
            new LocalQueue(StorageNames.UpsertsQueue + StorageNames.PoisonSuffix, 1, upserts.HandlePoisonAsync),
            new LocalQueue(StorageNames.ChangesQueue, 4, changes.HandleAsync),
            new LocalQueue(StorageNames.ChangesQueue + StorageNames.PoisonSuffix, 1, changes.HandlePoisonAsync),
        ];
    }
}
