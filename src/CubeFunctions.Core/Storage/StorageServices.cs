using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Core.Storage;

/// <summary>Registers storage.</summary>
internal static class StorageServices
{
    public static IServiceCollection AddStorage(this IServiceCollection services) =>
        services
            .AddSingleton<StorageClients>()
            .AddSingleton<RawStore>()
            .AddSingleton<Pseudonyms>()
            .AddSingleton<Janitor>()
            .AddSingleton<PoisonHandler>()
            .AddSingleton<SharedFlags>()
            .AddHostedService<StorageSetup>();
}
