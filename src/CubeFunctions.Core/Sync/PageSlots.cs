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
    private readonly SemaphoreSlim _slots = new(MostOf(settings));

    /// <summary>Twice the requests to Cube: while one page is looked at and stored, the next is on its way.</summary>
    public static int MostOf(CubeSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return 2 * settings.MaxConcurrentRequests;
    }

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
