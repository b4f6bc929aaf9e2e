using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Operations;
using CubeFunctions.Core.Operations.Probing;
using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Core.Endpoints;

/// <summary>Status, dead work, pauses and erasures over HTTP.</summary>
public sealed class OperationEndpoints
{
    private static readonly TimeSpan LookAfter = TimeSpan.FromSeconds(5);
    private readonly StatusReader _status;
    private readonly GapControl _gaps;
    private readonly DeadWork _dead;
    private readonly ErasureControl _erasures;
    private readonly RepeatedRequests _repeats;
    private readonly ProbeControl _probe;

    internal OperationEndpoints(
        StatusReader status,
        GapControl gaps,
        DeadWork dead,
        ErasureControl erasures,
        RepeatedRequests repeats,
        ProbeControl probe
    ) => (_status, _gaps, _dead, _erasures, _repeats, _probe) = (status, gaps, dead, erasures, repeats, probe);

    /// <summary><c>GET /api/status</c>: 304 while nothing has changed for the <c>ETag</c> that the client has.</summary>
    public Task<IResult> GetStatusAsync(HttpRequest request, CancellationToken cancellationToken) =>
        OperationAnswer.RunAsync(
            request,
            async () =>
            {
                var (json, tag) = await _status.ReadJsonAsync(cancellationToken);
                request.HttpContext.Response.Headers.ETag = tag;
                request.HttpContext.Response.Headers.CacheControl = "private, no-cache";
                return request.Headers.IfNoneMatch.ToString() == tag
                    ? Results.StatusCode(StatusCodes.Status304NotModified)
                    : Results.Bytes(json, "application/json");
            },
            cancellationToken
        );

    /// <summary><c>POST /api/replay</c>: sends dead work again.</summary>
    public Task<IResult> ReplayAsync(HttpRequest request, CancellationToken cancellationToken) =>
        OperationAnswer.RunAsync(
            request,
            async () =>
            {
                var (order, _) = await OperationAnswer.ReadAsync(request, OperationsJson.Default.DeadWorkOrder, cancellationToken);
                return OperationAnswer.Accepted(
                    request,
                    "/api/status",
                    LookAfter,
                    await _dead.ReplayAsync(order, cancellationToken),
                    OperationsJson.Default.DeadWorkResult
                );
            },
            cancellationToken
        );

    /// <summary><c>POST /api/drop</c>: gives dead work up.</summary>
    public Task<IResult> DropAsync(HttpRequest request, CancellationToken cancellationToken) =>
        OperationAnswer.RunAsync(
            request,
            async () =>
            {
                var (order, _) = await OperationAnswer.ReadAsync(request, OperationsJson.Default.DeadWorkOrder, cancellationToken);
                return Results.Json(await _dead.DropAsync(order, cancellationToken), OperationsJson.Default.DeadWorkResult);
            },
            cancellationToken
        );

    /// <summary><c>GET /api/pauses</c>: shared pauses that are up.</summary>
    public Task<IResult> ListPausesAsync(HttpRequest request, CancellationToken cancellationToken) =>
        OperationAnswer.RunAsync(
            request,
            async () => Results.Json(await _status.PausesAsync(cancellationToken), OperationsJson.Default.IReadOnlyListPauseView),
            cancellationToken
        );

    /// <summary><c>DELETE /api/pauses/{name}</c>: lifts one, also one that another process raised.</summary>
    public Task<IResult> LiftPauseAsync(HttpRequest request, string name, CancellationToken cancellationToken) =>
        OperationAnswer.RunAsync(
            request,
            async () =>
            {
                await _status.LiftAsync(name, cancellationToken);
                return Results.NoContent();
            },
            cancellationToken
        );

    /// <summary><c>GET /api/gaps</c>: days and lists that give fewer records than Cube counts.</summary>
    public Task<IResult> ListGapsAsync(HttpRequest request, CancellationToken cancellationToken) =>
        OperationAnswer.RunAsync(
            request,
            async () => Results.Json(await _gaps.ListAsync(cancellationToken), OperationsJson.Default.IReadOnlyListGapView),
            cancellationToken
        );

    /// <summary><c>POST /api/gaps/{id}/accept</c>: it is listed as accepted; a day is read no more.</summary>
    public Task<IResult> AcceptGapAsync(HttpRequest request, string id, CancellationToken cancellationToken) =>
        OperationAnswer.RunAsync(
            request,
            async () =>
            {
                var (order, _) = await OperationAnswer.ReadAsync(request, OperationsJson.Default.AcceptOrder, cancellationToken);
                await _gaps.AcceptAsync(id, order, cancellationToken);
                return Results.NoContent();
            },
            cancellationToken
        );

    /// <summary>
    /// <c>POST /api/erasures</c>: the person in the body. 202 with the address of its progress, which does not name the person.
    /// </summary>
    public Task<IResult> EraseAsync(HttpRequest request, CancellationToken cancellationToken) =>
        OperationAnswer.RunAsync(
            request,
            async () =>
            {
                var (order, bytes) = await OperationAnswer.ReadAsync(request, ErasureJson.Default.ErasureOrder, cancellationToken);
                var id = await _repeats.OnceAsync(
                    "erasure",
                    OperationAnswer.KeyOf(request),
                    bytes,
                    () => _erasures.SubmitAsync(order, cancellationToken),
                    cancellationToken
                );
                return OperationAnswer.Accepted(
                    request,
                    $"/api/erasures/{id}",
                    LookAfter,
                    await _erasures.ReadAsync(id, cancellationToken),
                    OperationsJson.Default.ErasureView
                );
            },
            cancellationToken
        );

    /// <summary><c>GET /api/erasures/{id}</c>: where it stands, and the counts once it is done.</summary>
    public Task<IResult> GetErasureAsync(HttpRequest request, string id, CancellationToken cancellationToken) =>
        OperationAnswer.RunAsync(
            request,
            async () => Results.Json(await _erasures.ReadAsync(id, cancellationToken), OperationsJson.Default.ErasureView),
            cancellationToken
        );

    /// <summary>
    /// <c>GET /api/probe</c>: what Cube answers to this app, asked now. 409 while another probe is under way in this process.
    /// </summary>
    public Task<IResult> ProbeAsync(HttpRequest request, CancellationToken cancellationToken) =>
        OperationAnswer.RunAsync(
            request,
            async () => Results.Json(await _probe.RunAsync(cancellationToken), OperationsJson.Default.ProbeReport),
            cancellationToken
        );
}
