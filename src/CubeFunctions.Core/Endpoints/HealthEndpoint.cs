using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Storage;
using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Core.Endpoints;

/// <summary>
/// Probes. Anonymous, so they name the part that fails and nothing else. That the app is configured shows in that it answers.
/// </summary>
public sealed class HealthEndpoint
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>How long one look at Cube is good for: a probe must not be a load.</summary>
    private static readonly TimeSpan CubeFreshFor = TimeSpan.FromMinutes(5);
    private readonly StorageClients _storage;
    private readonly TimeProvider _time;
    private readonly CachedValue<bool> _cube;

    /// <summary>Looks at storage each time, and at Cube every few minutes.</summary>
    public HealthEndpoint(StorageClients storage, CampaignListing listing, TimeProvider time)
    {
        (_storage, _time) = (storage, time);
        _cube = new(async (_, token) => await IsInReachAsync(listing, token), CubeFreshFor, time);
    }

    /// <summary><c>GET /api/health/live</c>: the process answers.</summary>
    public static IResult GetLive() => Results.Text("""{"status":"healthy"}""", "application/json");

    /// <summary>503 problem details that name the part that fails.</summary>
    public static IResult Unhealthy(string part, string detail) =>
        Results.Problem(detail, statusCode: StatusCodes.Status503ServiceUnavailable, title: "Unhealthy", extensions: [new("part", part)]);

    /// <summary><c>GET /api/health</c>: 200 when storage is within reach, 503 problem details otherwise.</summary>
    public async Task<IResult> GetAsync(CancellationToken cancellationToken) =>
        await IsStorageInReachAsync(cancellationToken) ? GetLive() : Unhealthy("storage", "Storage cannot be reached.");

    /// <summary><c>GET /api/health/ready</c>: 200 when storage and Cube are within reach; 503 names the part that is not.</summary>
    public async Task<IResult> GetReadyAsync(CancellationToken cancellationToken) =>
        !await IsStorageInReachAsync(cancellationToken) ? Unhealthy("storage", "Storage cannot be reached.")
        : !(await _cube.GetAsync(cancellationToken)).Value ? Unhealthy("cube", "Cube cannot be reached, or refuses the credential.")
        : GetLive();

    private async Task<bool> IsStorageInReachAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await _storage.EnsureCreatedAsync(either.Token);
            return true;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it is: a probe is never answered with 500.
            return false;
        }
    }

    private async Task<bool> IsInReachAsync(CampaignListing listing, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var page = await listing.ReadAsync(includeInactive: false, either.Token);
            return true;
        }
        catch (Exception exception)
            when (exception is CubeException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}
