using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Endpoints;
using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Operations;
using CubeFunctions.Core.Persons;
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
    /// <param name="builder">The host.</param>
    /// <param name="needsSchedules">Whether the schedules must be set: the Functions host reads them itself, and has no default for
    /// them.</param>
    /// <exception cref="SettingsException">A setting is missing or wrong; the message lists every fault.</exception>
    public static IHostApplicationBuilder AddCubeFunctions(this IHostApplicationBuilder builder, bool needsSchedules = false)
    {
        LoopbackProxy.Bypass();
        var settings = AppSettings.Read(builder.Configuration, needsSchedules);
        var services = builder.Services;

        // The server's lines, five a request, tell nothing that its span does not, and one holds the query: there a Dataverse sender has
        // its secret.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        services.TryAddSingleton(TimeProvider.System);
        services
            .AddSingleton(settings)
            .AddSingleton(settings.Storage)
            .AddSingleton(settings.Sync)
            .AddSingleton(settings.Upserts)
            .AddSingleton(settings.Changes)
            .AddSingleton(settings.Delivery)
            .AddSingleton(settings.Retention)
            .AddSingleton(settings.Operations)
            .AddStorage()
            .AddCube(settings.Cube)
            .AddPersons()
            .AddSync()
            .AddUpserts()
            .AddChanges()
            .AddDelivery()
            .AddErasure()
            .AddOperations()
            .AddEndpoints();

        // A person is searched for in this order and erased in the reverse: pages name Cube's own ids, and keys by which lines and
        // snapshots are found.
        services
            .AddSingleton<IPersonalData, PageEraser>()
            .AddSingleton<IPersonalData, IndexEraser>()
            .AddSingleton<IPersonalData, StateEraser>()
            .AddSingleton<IPersonalData, ChangeFileEraser>()
            .AddSingleton<IPersonalData, UpsertEraser>();

        // Observers are called in this order.
        services
            .AddSingleton<IWindowObserver, CustomerIndexObserver>()
            .AddSingleton<IWindowObserver>(provider => provider.GetRequiredService<ChangeDetector>())
            .AddSingleton<IChangeFileObserver, DeliveryPlanner>();
        return builder;
    }
}
