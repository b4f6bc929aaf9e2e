using System.Diagnostics.CodeAnalysis;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Sync;

/// <summary>Bounds the pages that this process holds in memory, whether they come from Cube or go to storage.</summary>
[SuppressMessage(
    "Reliability",
    "CA1001",
    Justification = "Lives as long as the process: a host that stops disposes services under work in hand."
)]
public sealed class PageSlots(CubeSettings settings)
{
    // Twice the requests under way: while one page is stored the next is on its way.
    private readonly SemaphoreSlim _slots = new(2 * settings.MaxConcurrentRequests);

    internal async Task<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        return new Slot(_slots);
    }

    private sealed class Slot(SemaphoreSlim slots) : IDisposable
    {
        public void Dispose() => slots.Release();
    }
}
