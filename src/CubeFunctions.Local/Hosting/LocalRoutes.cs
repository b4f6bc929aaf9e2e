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
        api.MapGet("/health/live", HealthEndpoint.GetLive);
        api.MapGet("/health/ready", (CancellationToken cancelled) => services.GetRequiredService<HealthEndpoint>().GetReadyAsync(cancelled));
        api.MapPost("/assignments/{assignmentId}/customers", (HttpRequest request, string assignmentId, CancellationToken cancelled) => upserts.PostCustomersAsync(request, assignmentId, cancelled));
        api.MapPost("/webhooks/{sender}", (HttpRequest request, string sender, CancellationToken cancelled) => upserts.ReceiveAsync(request, sender, cancelled));
        api.MapGet("/upserts/{id}", (string id, CancellationToken cancelled) => upserts.GetAsync(id, cancelled));
        var runs = services.GetRequiredService<RunEndpoints>();
        api.MapPost("/runs", (HttpRequest request, CancellationToken cancelled) => runs.StartAsync(request, cancelled));
        api.MapGet("/runs", (HttpRequest request, CancellationToken cancelled) => runs.ListAsync(request, cancelled));
        api.MapGet("/runs/{id}", (HttpRequest request, string id, CancellationToken cancelled) => runs.GetAsync(request, id, cancelled));
        api.MapPost("/runs/{id}/cancel", (HttpRequest request, string id, CancellationToken cancelled) => runs.CancelAsync(request, id, cancelled));
        var operations = services.GetRequiredService<OperationEndpoints>();
        api.MapGet("/status", (HttpRequest request, CancellationToken cancelled) => operations.GetStatusAsync(request, cancelled));
        api.MapGet("/dashboard", DashboardEndpoint.Get);
        api.MapPost("/replay", (HttpRequest request, CancellationToken cancelled) => operations.ReplayAsync(request, cancelled));
        api.MapPost("/drop", (HttpRequest request, CancellationToken cancelled) => operations.DropAsync(request, cancelled));
        api.MapGet("/pauses", (HttpRequest request, CancellationToken cancelled) => operations.ListPausesAsync(request, cancelled));
        api.MapDelete("/pauses/{name}", (HttpRequest request, string name, CancellationToken cancelled) => operations.LiftPauseAsync(request, name, cancelled));
        api.MapGet("/gaps", (HttpRequest request, CancellationToken cancelled) => operations.ListGapsAsync(request, cancelled));
        api.MapPost("/gaps/{id}/accept", (HttpRequest request, string id, CancellationToken cancelled) => operations.AcceptGapAsync(request, id, cancelled));
        api.MapPost("/erasures", (HttpRequest request, CancellationToken cancelled) => operations.EraseAsync(request, cancelled));
        api.MapGet("/erasures/{id}", (HttpRequest request, string id, CancellationToken cancelled) => operations.GetErasureAsync(request, id, cancelled));
        api.MapGet("/probe", (HttpRequest request, CancellationToken cancelled) => operations.ProbeAsync(request, cancelled));
    }
}
