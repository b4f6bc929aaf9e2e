using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using CubeFunctions.Core.Upserts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core;

/// <summary>The one composition root: both hosts, the tests and the benchmarks call it.</summary>
public static class CubeApplication
{
    /// <summary>Reads the settings and registers the whole application.</summary>
    /// <exception cref="SettingsException">A setting is missing or wrong; the message lists every fault.</exception>
    public static IHostApplicationBuilder AddCubeFunctions(this IHostApplicationBuilder builder)
    {
        var settings = AppSettings.Read(builder.Configuration);
        var services = builder.Services;

        // The server's line a request holds the query, and there a Dataverse sender has its secret.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(settings)
            .AddSingleton(settings.Storage)
            .AddSingleton(settings.Sync)
            .AddSingleton(settings.Upserts)
            .AddSingleton(settings.Changes)
            .AddSingleton<StorageClients>()
            .AddHostedService<StorageSetup>()
            .AddCube(settings.Cube)
            .AddSync()
            .AddUpserts()
            .AddChanges()
            .AddSingleton<Endpoints.HealthEndpoint>()
            .AddSingleton<Endpoints.UpsertEndpoints>();
        return builder;
    }

    private static IServiceCollection AddChanges(this IServiceCollection services) => services
        .AddSingleton<Changes.ChangeStore>()
        .AddSingleton<Changes.HeldBackDeletions>()
        .AddSingleton<Changes.DeletionCheck>()
        .AddSingleton<Changes.CustomerLookup>()
        .AddSingleton<Erasure.TombstoneStore>()
        .AddSingleton<Erasure.ErasedPersons>()
        .AddSingleton<Erasure.PersonEraser>()
        .AddSingleton<Changes.Echoes>()
        .AddSingleton<Changes.DeliveryPlanner>()
        .AddSingleton<Changes.ChangeDetector>()
        .AddSingleton<Changes.DeliveryStore>()
        .AddSingleton<Changes.ChangeWaker>()
        .AddSingleton<Changes.ChangeBody>()
        .AddSingleton<Changes.ReceiverPause>()
        .AddSingleton<Changes.DeliveryWorker>()
        .AddSingleton<Changes.DeliverySweeper>()
        .AddSingleton<Changes.DeliveryReader>()
        .AddHttpClient<Changes.CrmReceiver>(client => client.Timeout = Timeout.InfiniteTimeSpan)
        .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
        {
            // Signed changes go where the settings say and nowhere else; no span may hold the address, which may be a secret.
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectTimeout = TimeSpan.FromSeconds(10),
            ActivityHeadersPropagator = null,
        })
        .RemoveAllLoggers()
        .Services;

    private static IServiceCollection AddSync(this IServiceCollection services) => services
        .AddSingleton<SyncProgress>()
        .AddSingleton<SyncWaker>()
        .AddSingleton<RunStore>()
        .AddSingleton<CheckpointStore>()
        .AddSingleton<RawStore>()
        .AddSingleton<SharedPause>()
        .AddSingleton<PageSlots>()
        .AddSingleton<WindowSweeper>()
        .AddSingleton<EndedItems>()
        .AddSingleton<RunCloser>()
        .AddSingleton<RunPlanner>()
        .AddSingleton<ItemWorker>()
        .AddSingleton<StaleWorkSweeper>()
        .AddSingleton<RunReader>();

    private static IServiceCollection AddUpserts(this IServiceCollection services) => services
        .AddSingleton<Pseudonyms>()
        .AddSingleton<UpsertStore>()
        .AddSingleton<UpsertWaker>()
        .AddSingleton<CustomerIndex>()
        .AddSingleton<CustomerSearch>()
        .AddSingleton<CustomFieldLabels>()
        .AddSingleton<WriteSwitch>()
        .AddSingleton<CustomerWriter>()
        .AddSingleton<UpsertReceiver>()
        .AddSingleton<UpsertWorker>()
        .AddSingleton<UpsertSweeper>()
        .AddSingleton<UpsertReader>();
}
