using CubeFunctions.Core.Settings;





namespace CubeFunctions.Core.Sync;

/// <summary>Bounds the pages that this process holds in memory, whether they come from Cube or go to storage.</summary>
public sealed class PageSlots(CubeSettings settings) : IDisposable
{
    // Twice the requests under way: while one page is stored the next is on its way.
    private readonly SemaphoreSlim _slots = new(2 * settings.MaxConcurrentRequests);

    /// <inheritdoc />
    public void Dispose() => _slots.Dispose();

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
