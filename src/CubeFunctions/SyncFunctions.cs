using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using Microsoft.Azure.Functions.Worker;

namespace CubeFunctions;

/// <summary>Triggers of the sync lane.</summary>
public sealed class SyncFunctions(RunPlanner planner, ItemWorker items, Janitor janitor, SyncSettings settings)
{
    /// <summary>Starts a run over the dated feeds.</summary>
    [Function(nameof(StartSync))]
    public Task StartSync([TimerTrigger("%Sync:Schedule%")] TimerInfo timer, CancellationToken cancellationToken) =>
        planner.StartAsync(RunRequest.Scheduled(settings.Feeds), cancellationToken);

    /// <summary>Starts a run over the undated feeds.</summary>
    [Function(nameof(StartSnapshot))]
    public Task StartSnapshot([TimerTrigger("%Sync:SnapshotSchedule%")] TimerInfo timer, CancellationToken cancellationToken) =>
        planner.StartAsync(RunRequest.Snapshot(settings.Feeds), cancellationToken);

    /// <summary>Recovers work abandoned by crashed workers, in every lane.</summary>
    [Function(nameof(SweepStaleWork))]
    public Task SweepStaleWork([TimerTrigger("0 */5 * * * *")] TimerInfo timer, CancellationToken cancellationToken) =>
        janitor.RunAsync(force: false, cancellationToken);

    /// <summary>Works on an item.</summary>
    [Function(nameof(SyncFeed))]
    public Task SyncFeed(
        [QueueTrigger(StorageNames.SyncQueue, Connection = "CubeStorage")] string message,
        CancellationToken cancellationToken
    ) => items.HandleAsync(message, cancellationToken);

    /// <summary>Fails an item whose message failed too often.</summary>
    [Function(nameof(SyncFeedPoison))]
    public Task SyncFeedPoison(
        [QueueTrigger(StorageNames.SyncQueue + StorageNames.PoisonSuffix, Connection = "CubeStorage")] string message,
        CancellationToken cancellationToken
    ) => items.HandlePoisonAsync(message, cancellationToken);
}
