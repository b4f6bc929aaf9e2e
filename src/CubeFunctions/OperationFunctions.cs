using CubeFunctions.Core.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace CubeFunctions;

/// <summary>The operations API. Reading and acting are functions of their own, so that each has keys of its own.</summary>
public sealed class OperationFunctions(RunEndpoints runs, OperationEndpoints operations)
{
    /// <summary>Starts a run.</summary>
    [Function(nameof(StartRun))]
    public Task<IResult> StartRun(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "runs")] HttpRequest request,
        CancellationToken cancellationToken
    ) => runs.StartAsync(request, cancellationToken);

    /// <summary>Lists runs.</summary>
    [Function(nameof(ListRuns))]
    public Task<IResult> ListRuns(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "runs")] HttpRequest request,
        CancellationToken cancellationToken
    ) => runs.ListAsync(request, cancellationToken);

    /// <summary>Shows a run with its items.</summary>
    [Function(nameof(GetRun))]
    public Task<IResult> GetRun(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "runs/{id}")] HttpRequest request,
        string id,
        CancellationToken cancellationToken
    ) => runs.GetAsync(request, id, cancellationToken);

    /// <summary>Cancels a run.</summary>
    [Function(nameof(CancelRun))]
    public Task<IResult> CancelRun(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "runs/{id}/cancel")] HttpRequest request,
        string id,
        CancellationToken cancellationToken
    ) => runs.CancelAsync(request, id, cancellationToken);

    /// <summary>Shows the state of everything.</summary>
    [Function(nameof(GetStatus))]
    public Task<IResult> GetStatus(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "status")] HttpRequest request,
        CancellationToken cancellationToken
    ) => operations.GetStatusAsync(request, cancellationToken);

    /// <summary>
    /// Shows the state of everything to people. The page holds no data: it asks for the status with the key that it is given.
    /// </summary>
    [Function(nameof(GetDashboard))]
    public Task<IResult> GetDashboard([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "dashboard")] HttpRequest request) =>
        Task.FromResult(DashboardEndpoint.Get(request));

    /// <summary>Describes the routes.</summary>
    [Function(nameof(GetOpenApi))]
    public Task<IResult> GetOpenApi([HttpTrigger(AuthorizationLevel.Function, "get", Route = "openapi.json")] HttpRequest request) =>
        Task.FromResult(OpenApiEndpoint.Get());

    /// <summary>Sends dead work again.</summary>
    [Function(nameof(ReplayDead))]
    public Task<IResult> ReplayDead(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "replay")] HttpRequest request,
        CancellationToken cancellationToken
    ) => operations.ReplayAsync(request, cancellationToken);

    /// <summary>Gives dead work up.</summary>
    [Function(nameof(DropDead))]
    public Task<IResult> DropDead(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "drop")] HttpRequest request,
        CancellationToken cancellationToken
    ) => operations.DropAsync(request, cancellationToken);

    /// <summary>Lists pauses.</summary>
    [Function(nameof(ListPauses))]
    public Task<IResult> ListPauses(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "pauses")] HttpRequest request,
        CancellationToken cancellationToken
    ) => operations.ListPausesAsync(request, cancellationToken);

    /// <summary>Lifts a pause.</summary>
    [Function(nameof(LiftPause))]
    public Task<IResult> LiftPause(
        [HttpTrigger(AuthorizationLevel.Function, "delete", Route = "pauses/{name}")] HttpRequest request,
        string name,
        CancellationToken cancellationToken
    ) => operations.LiftPauseAsync(request, name, cancellationToken);

    /// <summary>Lists gaps.</summary>
    [Function(nameof(ListGaps))]
    public Task<IResult> ListGaps(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "gaps")] HttpRequest request,
        CancellationToken cancellationToken
    ) => operations.ListGapsAsync(request, cancellationToken);

    /// <summary>Accepts a gap.</summary>
    [Function(nameof(AcceptGap))]
    public Task<IResult> AcceptGap(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "gaps/{id}/accept")] HttpRequest request,
        string id,
        CancellationToken cancellationToken
    ) => operations.AcceptGapAsync(request, id, cancellationToken);

    /// <summary>Erases a person.</summary>
    [Function(nameof(ErasePerson))]
    public Task<IResult> ErasePerson(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "erasures")] HttpRequest request,
        CancellationToken cancellationToken
    ) => operations.EraseAsync(request, cancellationToken);

    /// <summary>Shows where an erasure stands.</summary>
    [Function(nameof(GetErasure))]
    public Task<IResult> GetErasure(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "erasures/{id}")] HttpRequest request,
        string id,
        CancellationToken cancellationToken
    ) => operations.GetErasureAsync(request, id, cancellationToken);

    /// <summary>Asks Cube what this app can read.</summary>
    [Function(nameof(ProbeCube))]
    public Task<IResult> ProbeCube(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "probe")] HttpRequest request,
        CancellationToken cancellationToken
    ) => operations.ProbeAsync(request, cancellationToken);
}
