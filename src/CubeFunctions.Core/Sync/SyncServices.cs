using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Core.Sync;

/// <summary>Registers the sync lane.</summary>
internal static class SyncServices
{
    public static IServiceCollection AddSync(this IServiceCollection services) => services
        .AddSingleton<SyncProgress>()
        .AddSingleton<SyncNotifier>()
        .AddSingleton<RunStore>()
        .AddSingleton<CheckpointStore>()
        .AddSingleton<SharedPause>()
        .AddSingleton<PageSlots>()
        .AddSingleton<WindowCrawler>()
        .AddSingleton<EndedItems>()
        .AddSingleton<RunCloser>()
        .AddSingleton<RunPlanner>()
        .AddSingleton(static provider => new WindowPublisher(provider.GetServices<IWindowObserver>()))
        .AddSingleton<ItemWorker>()
        .AddSingleton<SyncJanitor>()
        .AddSingleton<RunReader>();
}
