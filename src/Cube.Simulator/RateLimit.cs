namespace Cube.Simulator;

/// <summary>How many requests a tenant takes; the others are answered 429.</summary>
public sealed record RateLimit
{
    /// <summary>Requests within any second of the tenant's clock; unbounded when null.</summary>
    public int? PerSecond { get; init; }

    /// <summary>Requests that are answered at one time; unbounded when null.</summary>
    public int? Concurrent { get; init; }

    /// <summary>What <c>Retry-After</c> asks for; 1 s by default.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);
}
