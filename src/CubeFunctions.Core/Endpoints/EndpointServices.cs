using CubeFunctions.Core.Operations;
using CubeFunctions.Core.Operations.Probing;
using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Core.Endpoints;

/// <summary>Registers the HTTP handlers.</summary>
internal static class EndpointServices
{
    public static IServiceCollection AddEndpoints(this IServiceCollection services) =>
        services
            .AddSingleton<HealthEndpoint>()
            .AddSingleton(static provider => new RunEndpoints(
                provider.GetRequiredService<RunControl>(),
                provider.GetRequiredService<RepeatedRequests>()
            ))
            .AddSingleton(static provider => new OperationEndpoints(
                provider.GetRequiredService<StatusReader>(),
                provider.GetRequiredService<GapControl>(),
                provider.GetRequiredService<DeadWork>(),
                provider.GetRequiredService<ErasureControl>(),
                provider.GetRequiredService<RepeatedRequests>(),
                provider.GetRequiredService<ProbeControl>()
            ))
            .AddSingleton<UpsertEndpoints>();
}
