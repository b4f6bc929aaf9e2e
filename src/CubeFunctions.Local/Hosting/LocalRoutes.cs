using CubeFunctions.Core.Endpoints;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CubeFunctions.Local.Hosting;

/// <summary>The routes of the app, each the twin of an HTTP function.</summary>
internal static class LocalRoutes
{
    public static void MapCubeFunctions(this IEndpointRouteBuilder routes, IServiceProvider services)
    {
        var api = routes.MapGroup("/api");
        var upserts = services.GetRequiredService<UpsertEndpoints>();
        api.MapGet("/health", (CancellationToken cancelled) => services.GetRequiredService<HealthEndpoint>().GetAsync(cancelled));
        api.MapPost("/assignments/{assignmentId}/customers", (HttpRequest request, string assignmentId, CancellationToken cancelled) => upserts.PostCustomersAsync(request, assignmentId, cancelled));
        api.MapPost("/webhooks/{sender}", (HttpRequest request, string sender, CancellationToken cancelled) => upserts.ReceiveAsync(request, sender, cancelled));
        api.MapGet("/upserts/{id}", (string id, CancellationToken cancelled) => upserts.GetAsync(id, cancelled));
    }
}
