using System.Text.Json;
using CubeFunctions.Core.Endpoints;
using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Operations;
using CubeFunctions.Core.Operations.Probing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
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
        api.MapGet("/health", (CancellationToken cancelled) => services.GetRequiredService<HealthEndpoint>().GetAsync(cancelled))
            .Answers("Is the app up, and storage within reach", 503);
        api.MapGet("/health/live", HealthEndpoint.GetLive).Answers("Does the process answer");
        api.MapGet("/health/ready", (CancellationToken cancelled) => services.GetRequiredService<HealthEndpoint>().GetReadyAsync(cancelled))
            .Answers("Are storage and Cube within reach", 503);
        api.MapPost(
                "/assignments/{assignmentId}/customers",
                (HttpRequest request, string assignmentId, CancellationToken cancelled) =>
                    upserts.PostCustomersAsync(request, assignmentId, cancelled)
            )
            .Takes<JsonElement>()
            .Answers<AcceptedAnswer>("Send customers to Cube: one, or an array, in Cube's field names", 202, 400, 404, 409, 413, 422, 503);
        api.MapPost(
                "/webhooks/{sender}",
                (HttpRequest request, string sender, CancellationToken cancelled) => upserts.ReceiveAsync(request, sender, cancelled)
            )
            .Takes<JsonElement>()
            .Answers<AcceptedAnswer>("Take a CRM's webhook; its own proof is the door", 202, 400, 401, 404, 413, 422, 503);
        api.MapGet("/upserts/{id}", (string id, CancellationToken cancelled) => upserts.GetAsync(id, cancelled))
            .Answers<UpsertAnswer>("Where an upsert stands", 200, 404, 503);
        var runs = services.GetRequiredService<RunEndpoints>();
        api.MapPost("/runs", (HttpRequest request, CancellationToken cancelled) => runs.StartAsync(request, cancelled))
            .Takes<RunOrder>()
            .Answers<StartedRun>("Start a run; chosen scopes, feeds or days make it a backfill", 202, 400, 409, 413, 422, 503);
        api.MapGet("/runs", (HttpRequest request, CancellationToken cancelled) => runs.ListAsync(request, cancelled))
            .Answers<IReadOnlyList<RunView>>("Runs of the last days, newest first", 200, 400, 503);
        api.MapGet("/runs/{id}", (HttpRequest request, string id, CancellationToken cancelled) => runs.GetAsync(request, id, cancelled))
            .Answers<RunDetail>("A run with its items", 200, 404, 503);
        api.MapPost(
                "/runs/{id}/cancel",
                (HttpRequest request, string id, CancellationToken cancelled) => runs.CancelAsync(request, id, cancelled)
            )
            .Answers<RunView>("Cancel a run", 202, 404, 409, 503);
        var operations = services.GetRequiredService<OperationEndpoints>();
        api.MapGet("/status", (HttpRequest request, CancellationToken cancelled) => operations.GetStatusAsync(request, cancelled))
            .Answers<StatusDocument>("The state of everything; 304 for a tag that still holds", 200, 503);
        api.MapGet("/openapi.json", OpenApiEndpoint.Get).Answers<JsonElement>("This document", 200);
        api.MapGet("/dashboard", DashboardEndpoint.Get)
            .Produces(200, contentType: "text/html")
            .WithSummary("The state of everything, for people; holds no data");
        api.MapPost("/replay", (HttpRequest request, CancellationToken cancelled) => operations.ReplayAsync(request, cancelled))
            .Takes<DeadWorkOrder>()
            .Answers<DeadWorkResult>("Send dead work again, or release what is held back", 202, 400, 404, 413, 503);
        api.MapPost("/drop", (HttpRequest request, CancellationToken cancelled) => operations.DropAsync(request, cancelled))
            .Takes<DeadWorkOrder>()
            .Answers<DeadWorkResult>("Give dead work up", 200, 400, 404, 413, 503);
        api.MapGet("/pauses", (HttpRequest request, CancellationToken cancelled) => operations.ListPausesAsync(request, cancelled))
            .Answers<IReadOnlyList<PauseView>>("Pauses that are up", 200, 503);
        api.MapDelete(
                "/pauses/{name}",
                (HttpRequest request, string name, CancellationToken cancelled) => operations.LiftPauseAsync(request, name, cancelled)
            )
            .Answers("Lift a pause", 204, 404, 503);
        api.MapGet("/gaps", (HttpRequest request, CancellationToken cancelled) => operations.ListGapsAsync(request, cancelled))
            .Answers<IReadOnlyList<GapView>>("Days and lists that give fewer records than Cube counts", 200, 503);
        api.MapPost(
                "/gaps/{id}/accept",
                (HttpRequest request, string id, CancellationToken cancelled) => operations.AcceptGapAsync(request, id, cancelled)
            )
            .Takes<AcceptOrder>()
            .Answers("Accept a gap: a day is read no more, a list is read on", 204, 400, 404, 413, 503);
        api.MapPost("/erasures", (HttpRequest request, CancellationToken cancelled) => operations.EraseAsync(request, cancelled))
            .Takes<ErasureOrder>()
            .Answers<ErasureView>("Erase a person, who is named in the body alone", 202, 400, 409, 413, 422, 503);
        api.MapGet(
                "/erasures/{id}",
                (HttpRequest request, string id, CancellationToken cancelled) => operations.GetErasureAsync(request, id, cancelled)
            )
            .Answers<ErasureView>("Where an erasure stands; counts, never who", 200, 404, 503);
        api.MapGet("/probe", (HttpRequest request, CancellationToken cancelled) => operations.ProbeAsync(request, cancelled))
            .Answers<ProbeReport>("What the credential may see in Cube; nothing is written", 200, 503);
    }

    /// <summary>Says that a route answers with an object.</summary>
    private static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder route, string summary, int status, params int[] problems) =>
        problems.Aggregate(
            route.Produces<T>(status, "application/json").WithSummary(summary),
            static (described, problem) => described.ProducesProblem(problem)
        );

    /// <summary>Says that a route answers with a status, or with problem details.</summary>
    private static RouteHandlerBuilder Answers(this RouteHandlerBuilder route, string summary, params int[] statuses) =>
        statuses.Aggregate(
            statuses.Contains(204) ? route.WithSummary(summary) : route.Produces(200).WithSummary(summary),
            static (described, status) => status < 300 ? described.Produces(status) : described.ProducesProblem(status)
        );

    /// <summary>
    /// Says what a route takes, where a document of the routes is made. Elsewhere routing would refuse other content types by itself,
    /// without problem details and before a sender's own rules are asked.
    /// </summary>
    private static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder route)
        where T : notnull
    {
        route.Add(endpoint =>
        {
            if (endpoint.ApplicationServices.GetService<IApiDescriptionGroupCollectionProvider>() is not null)
            {
                endpoint.Metadata.Add(new AcceptsMetadata(["application/json"], typeof(T)));
            }
        });
        return route;
    }
}
