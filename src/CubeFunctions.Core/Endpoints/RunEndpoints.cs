using System.Globalization;
using CubeFunctions.Core.Operations;
using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Core.Endpoints;

/// <summary>Runs over HTTP.</summary>
public sealed class RunEndpoints
{
    private static readonly TimeSpan LookAfter = TimeSpan.FromSeconds(5);
    private readonly RunControl _runs;
    private readonly RepeatedRequests _repeats;

    internal RunEndpoints(RunControl runs, RepeatedRequests repeats) => (_runs, _repeats) = (runs, repeats);

    /// <summary>
    /// <c>POST /api/runs</c>: starts a run. 202 with its address; with an <c>Idempotency-Key</c> a repeat has the same run.
    /// </summary>
    public Task<IResult> StartAsync(HttpRequest request, CancellationToken cancellationToken) =>
        OperationAnswer.RunAsync(
            request,
            async () =>
            {
                var (order, bytes) = await OperationAnswer.ReadAsync(request, OperationsJson.Default.RunOrder, cancellationToken);
                var id = await _repeats.OnceAsync(
                    "run",
                    OperationAnswer.KeyOf(request),
                    bytes,
                    () => _runs.StartAsync(order, cancellationToken),
                    cancellationToken
                );
                return OperationAnswer.Accepted(
                    request,
                    $"/api/runs/{id}",
                    LookAfter,
                    new StartedRun(id),
                    OperationsJson.Default.StartedRun
                );
            },
            cancellationToken
        );

    /// <summary><c>GET /api/runs?days=1</c>: runs of the last days, newest first.</summary>
    public Task<IResult> ListAsync(HttpRequest request, CancellationToken cancellationToken) =>
        OperationAnswer.RunAsync(
            request,
            async () =>
            {
                var text = request.Query["days"].ToString();
                int? days =
                    text.Length == 0 ? null
                    : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
                    : throw OperationException.Invalid("days: is no number");
                return Results.Json(await _runs.ListAsync(days, cancellationToken), OperationsJson.Default.IReadOnlyListRunView);
            },
            cancellationToken
        );

    /// <summary><c>GET /api/runs/{id}</c>: one run with its items.</summary>
    public Task<IResult> GetAsync(HttpRequest request, string id, CancellationToken cancellationToken) =>
        OperationAnswer.RunAsync(
            request,
            async () => Results.Json(await _runs.ReadAsync(id, cancellationToken), OperationsJson.Default.RunDetail),
            cancellationToken
        );

    /// <summary>
    /// <c>POST /api/runs/{id}/cancel</c>: ends its waiting items at once, and those that are at work with their next save.
    /// </summary>
    public Task<IResult> CancelAsync(HttpRequest request, string id, CancellationToken cancellationToken) =>
        OperationAnswer.RunAsync(
            request,
            async () =>
                OperationAnswer.Accepted(
                    request,
                    $"/api/runs/{id}",
                    LookAfter,
                    await _runs.CancelAsync(id, cancellationToken),
                    OperationsJson.Default.RunView
                ),
            cancellationToken
        );
}
