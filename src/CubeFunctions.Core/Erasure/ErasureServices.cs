using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Core.Erasure;

/// <summary>Registers erasure.</summary>
internal static class ErasureServices
{
    public static IServiceCollection AddErasure(this IServiceCollection services) =>
        services
            .AddSingleton<PlaceEraser>()
            .AddSingleton<ScopeEraser>()
            .AddSingleton<KeptScopes>()
            .AddSingleton<CampaignAssignments>()
            .AddSingleton<SoftDeletedCopies>()
            .AddSingleton<PersonEraser>()
            .AddSingleton<ErasureOrders>()
            .AddSingleton<IErasureRequests>(static provider => provider.GetRequiredService<ErasureOrders>())
            .AddSingleton<IJanitorTask>(static provider => provider.GetRequiredService<ErasureOrders>());
}
