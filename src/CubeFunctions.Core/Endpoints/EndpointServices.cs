using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Core.Endpoints;

/// <summary>Registers the HTTP handlers.</summary>
internal static class EndpointServices
{
    public static IServiceCollection AddEndpoints(this IServiceCollection services) => services
        .AddSingleton<HealthEndpoint>()
        .AddSingleton<UpsertEndpoints>();
}
