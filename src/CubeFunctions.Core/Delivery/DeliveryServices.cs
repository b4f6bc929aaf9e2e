using CubeFunctions.Core.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Core.Delivery;

/// <summary>Registers delivery to the CRM.</summary>
internal static class DeliveryServices
{
    public static IServiceCollection AddDelivery(this IServiceCollection services) =>
        services
            .AddSingleton<DeliveryStore>()
            .AddSingleton<QueueNotifier<ChangeMessage>>()
            .AddSingleton<ChangeBody>()
            .AddSingleton<ChangeFileReaders>()
            .AddSingleton<DeliverySources>()
            .AddSingleton<DeliveryWorker>()
            .AddSingleton<DeliveryJanitor>()
            .AddSingleton<IJanitorTask>(provider => provider.GetRequiredService<DeliveryJanitor>())
            .AddSingleton<IJanitorTask, ChangeFileKeeper>()
            .AddSingleton<DeliveryReader>()
            .AddKeyedSingleton(
                ReceiverFlag.Name,
                static (provider, _) =>
                    ReceiverFlag.Create(
                        provider.GetRequiredService<DeliveryStore>(),
                        provider.GetRequiredService<DeliverySettings>(),
                        provider.GetRequiredService<TimeProvider>()
                    )
            )
            .AddSingleton(provider => provider.GetRequiredKeyedService<SharedFlag>(ReceiverFlag.Name))
            .AddHttpClient<CrmReceiver>(client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(() =>
                new SocketsHttpHandler
                {
                    // Signed changes go where the settings say and nowhere else; no span may hold the address, which may be a secret.
                    AllowAutoRedirect = false,
                    UseCookies = false,
                    PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                    ConnectTimeout = TimeSpan.FromSeconds(10),
                    ActivityHeadersPropagator = null,
                }
            )
            .RemoveAllLoggers()
            .Services;
}
