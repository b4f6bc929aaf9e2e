using CubeFunctions.Core.Operations.Probing;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Core.Operations;

/// <summary>Registers the operations.</summary>
internal static class OperationsServices
{
    public static IServiceCollection AddOperations(this IServiceCollection services) =>
        services
            .AddSingleton<CampaignNames>()
            .AddSingleton<Shortfalls>()
            .AddSingleton<BacklogCounter>()
            .AddSingleton<IJanitorTask>(static provider => provider.GetRequiredService<BacklogCounter>())
            .AddSingleton<IJanitorTask, FlowMeasures>()
            .AddSingleton<GapControl>()
            .AddSingleton<StatusReader>()
            .AddSingleton<RunOrderCheck>()
            .AddSingleton<RunControl>()
            .AddSingleton<DeadWork>()
            .AddSingleton<ErasureControl>()
            .AddSingleton<ProbeControl>()
            .AddSingleton<RepeatedRequests>()
            .AddSingleton<IJanitorTask>(static provider => provider.GetRequiredService<RepeatedRequests>());
}
