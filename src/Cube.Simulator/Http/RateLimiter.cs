using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Cube.Simulator.Http;

/// <summary>Keeps to the tenant's limit of requests.</summary>
internal sealed class RateLimiter(TimeProvider clock)
{
    private readonly Lock sync = new();
    private readonly Queue<DateTimeOffset> recent = new();
    private int running;

    public RateLimit? Limit { get; set; }

    /// <summary>False, with <c>Retry-After</c> set, when the request is one too many; otherwise <see cref="Leave"/> ends it.</summary>
    public bool TryEnter(HttpResponse response)
    {
        lock (sync)
        {
            var now = clock.GetUtcNow();
            while (recent.TryPeek(out var oldest) && now - oldest >= TimeSpan.FromSeconds(1))
                recent.Dequeue();
            if (
                Limit is not { } limit
                || ((limit.Concurrent is not { } most || running < most) && (limit.PerSecond is not { } rate || recent.Count < rate))
            )
            {
                recent.Enqueue(now);
                running++;
                return true;
            }

            response.Headers.RetryAfter = Math.Ceiling(limit.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            return false;
        }
    }

    public void Leave()
    {
        lock (sync)
            running--;
    }
}
