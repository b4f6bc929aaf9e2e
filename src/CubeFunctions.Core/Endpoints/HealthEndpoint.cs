using CubeFunctions.Core.Storage;
using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Core.Endpoints;

/// <summary><c>GET /api/health</c>: is the app up and is storage within reach. Anonymous, so it tells nothing else. That it is configured shows in that it answers.</summary>
public sealed class HealthEndpoint(StorageClients storage, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>200 when all is well, 503 problem details otherwise.</summary>
    public async Task<IResult> GetAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await storage.EnsureCreatedAsync(either.Token);
            return Results.Text("""{"status":"healthy"}""", "application/json");
        }
        catch (Exception exception) when (StorageFailure.Is(exception, cancellationToken))
        {
            return Results.Problem("Storage cannot be reached.", statusCode: StatusCodes.Status503ServiceUnavailable, title: "Unhealthy");
        }
    }
}
