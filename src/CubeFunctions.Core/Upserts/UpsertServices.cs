using CubeFunctions.Core.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Core.Upserts;

/// <summary>Registers the upserts lane.</summary>
internal static class UpsertServices
{
    public static IServiceCollection AddUpserts(this IServiceCollection services) =>
        services
            .AddSingleton<UpsertStore>()
            .AddSingleton<MailboxEraser>()
            .AddSingleton<IdempotencyStore>()
            .AddSingleton<QueueNotifier<UpsertMessage>>()
            .AddSingleton<UpsertNotifications>()
            .AddSingleton<CustomerIndex>()
            .AddSingleton<CustomerSearch>()
            .AddSingleton<CustomFieldLabels>()
            .AddSingleton<KnownAssignments>()
            .AddSingleton<TenantWrites>()
            .AddSingleton(provider => provider.GetRequiredService<TenantWrites>().Flag)
            .AddSingleton<CustomerRecords>()
            .AddSingleton<CustomerResolver>()
            .AddSingleton<CustomerWriter>()
            .AddSingleton<DeliveryTools>()
            .AddSingleton<UpsertReceiver>()
            .AddSingleton<PostSplitter>()
            .AddSingleton<UpsertWorker>()
            .AddSingleton<UpsertJanitor>()
            .AddSingleton<IJanitorTask>(provider => provider.GetRequiredService<UpsertJanitor>())
            .AddSingleton<UpsertReader>();
}
