using CubeFunctions.Core.Settings;





namespace CubeFunctions.Core.Cube;

/// <summary>Bounds the requests to Cube that this process has under way.</summary>
public sealed class CubeLimits(CubeSettings settings) : IDisposable
{
    private readonly SemaphoreSlim _slots = new(settings.MaxConcurrentRequests);

    /// <inheritdoc />
    public void Dispose() => _slots.Dispose();

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
