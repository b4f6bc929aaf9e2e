using CubeFunctions.Core.Endpoints;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Local.Hosting;

/// <summary>The routes of the app, each the twin of an HTTP function.</summary>
internal static class LocalRoutes
{
    public static void MapCubeFunctions(this IEndpointRouteBuilder routes, IServiceProvider services)
    {
        var api = routes.MapGroup("/api");
        api.MapGet("/health", (CancellationToken cancelled) => services.GetRequiredService<HealthEndpoint>().GetAsync(cancelled));
    }
}
