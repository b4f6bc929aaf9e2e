using CubeFunctions.Core.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace CubeFunctions;

/// <summary>The endpoint for probes.</summary>
public sealed class HealthFunctions(HealthEndpoint endpoint, IConfiguration configuration)
{
    private readonly DisabledTimers _timers = new(configuration);

    /// <summary>Is the app up and is storage within reach.</summary>
    [Function(nameof(Health))]
    public Task<IResult> Health(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request,
        CancellationToken cancellationToken
    ) => IfTimersRun(() => endpoint.GetAsync(cancellationToken));

    /// <summary>Does the process answer.</summary>
    [Function(nameof(HealthLive))]
    public Task<IResult> HealthLive([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health/live")] HttpRequest request) =>
        Task.FromResult(HealthEndpoint.GetLive());

    /// <summary>Are storage and Cube within reach.</summary>
    [Function(nameof(HealthReady))]
    public Task<IResult> HealthReady(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health/ready")] HttpRequest request,
        CancellationToken cancellationToken
    ) => IfTimersRun(() => endpoint.GetReadyAsync(cancellationToken));

    /// <summary>An app whose timers are disabled starts nothing by itself.</summary>
    private Task<IResult> IfTimersRun(Func<Task<IResult>> getAsync) =>
        _timers.Names is []
            ? getAsync()
            : Task.FromResult(HealthEndpoint.Unhealthy("timers", $"Timers are disabled: {string.Join(", ", _timers.Names)}."));
}
