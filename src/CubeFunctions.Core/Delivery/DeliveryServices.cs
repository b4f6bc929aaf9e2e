using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Core.Delivery;

/// <summary>Registers delivery to the CRM.</summary>
internal static class DeliveryServices
{
    public static IServiceCollection AddDelivery(this IServiceCollection services) => services
        .AddSingleton<DeliveryStore>()
        .AddSingleton<DeliveryNotifier>()
        .AddSingleton<ChangeBody>()
        .AddSingleton<ReceiverPause>()
        .AddSingleton<DeliveryWorker>()
        .AddSingleton<DeliveryJanitor>()
        .AddSingleton<DeliveryReader>()
        .AddHttpClient<CrmReceiver>(client => client.Timeout = Timeout.InfiniteTimeSpan)
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
}
