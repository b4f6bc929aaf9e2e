using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Core.Upserts;

/// <summary>Registers the upserts lane.</summary>
internal static class UpsertServices
{
    public static IServiceCollection AddUpserts(this IServiceCollection services) => services
        .AddSingleton<UpsertStore>()
        .AddSingleton<MailboxEraser>()
        .AddSingleton<UpsertNotifier>()
        .AddSingleton<CustomerIndex>()
        .AddSingleton<CustomerSearch>()
        .AddSingleton<CustomFieldLabels>()
        .AddSingleton<WriteSwitch>()
        .AddSingleton<CustomerWriter>()
        .AddSingleton<UpsertReceiver>()
        .AddSingleton<UpsertWorker>()
        .AddSingleton<UpsertJanitor>()
        .AddSingleton<UpsertReader>();
}
