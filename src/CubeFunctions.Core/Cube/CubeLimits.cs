using System.Diagnostics.CodeAnalysis;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Cube;

/// <summary>Bounds the requests to Cube that this process has under way.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "Lives as long as the process: a host that stops disposes services under work in hand.")]
public sealed class CubeLimits(CubeSettings settings)
{
    private readonly SemaphoreSlim _slots = new(settings.MaxConcurrentRequests);

    internal async Task<Slot> EnterAsync(CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        return new Slot(_slots);
    }

    internal readonly struct Slot(SemaphoreSlim slots) : IDisposable
    {
        public void Dispose() => slots.Release();
    }
}
