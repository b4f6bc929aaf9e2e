using CubeFunctions.Core.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Sync;

/// <summary>Registers the sync lane.</summary>
internal static class SyncServices
{
    public static IServiceCollection AddSync(this IServiceCollection services) =>
        services
            .AddSingleton<SyncProgress>()
            .AddSingleton<QueueNotifier<SyncMessage>>()
            .AddSingleton<RunStore>()
            .AddSingleton<CheckpointStore>()
            .AddSingleton<GapStore>()
            .AddSingleton<PageSlots>()
            .AddSingleton<PageSource>()
            .AddSingleton<WindowCrawler>()
            .AddSingleton<EndedItems>()
            .AddSingleton<RunCloser>()
            .AddSingleton<ListingStore>()
            .AddSingleton<PlanSettings>()
            .AddSingleton<RunPlanner>()
            .AddSingleton(static provider => new WindowPublisher(provider.GetServices<IWindowObserver>()))
            .AddSingleton<ItemWriter>()
            .AddSingleton<SessionTools>()
            .AddSingleton(static provider => new ItemWorker(
                provider.GetRequiredService<RunStore>(),
                provider.GetRequiredService<CheckpointStore>(),
                provider.GetRequiredService<RunCloser>(),
                provider.GetRequiredService<SyncProgress>(),
                provider.GetRequiredService<SessionTools>(),
                provider.GetRequiredService<PoisonHandler>(),
                provider.GetRequiredService<ILogger<ItemWorker>>()
            ))
            .AddSingleton<SyncJanitor>()
            .AddSingleton<IJanitorTask>(static provider => provider.GetRequiredService<SyncJanitor>())
            .AddSingleton<IJanitorTask, PausedItems>()
            .AddSingleton<IJanitorTask, SyncMeasures>()
            .AddSingleton<IJanitorTask, RunHistory>()
            .AddSingleton<RunCancellation>()
            .AddSingleton<RunReader>();
}
