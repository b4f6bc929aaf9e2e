namespace CubeFunctions.Core.Cube;

/// <summary>
/// A pause that Cube asked for with <c>Retry-After</c>. No request starts before it is over; whoever shares it with other
/// processes listens to <see cref="Extended"/> and calls <see cref="Extend"/>.
/// </summary>
public sealed class TenantPause(TimeProvider time)
{
    private readonly Lock _lock = new();
    private DateTimeOffset _until;

    /// <summary>Raised when Cube itself asked this process to wait, with the end of the pause.</summary>
    public event Action<DateTimeOffset>? Extended;

    /// <summary>The longest pause that a request sits out; for a longer one it fails, so that its work item is put off instead.</summary>
    public static TimeSpan LongestWait { get; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the pause still lasts; zero when there is none.</summary>
    public TimeSpan Remaining
    {
        get
        {
            lock (_lock)
            {
                var left = _until - time.GetUtcNow();
                return left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }
    }

    /// <summary>Makes the pause last until then, unless it lasts longer already.</summary>
    public bool Extend(DateTimeOffset until)
    {
        lock (_lock)
        {
            if (until <= _until)
            {
                return false;
            }

            _until = until;
            return true;
        }
    }

    /// <summary>Waits until the pause is over.</summary>
    /// <exception cref="CubeException">The pause is longer than <see cref="LongestWait"/>.</exception>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        while (Remaining is var left && left > TimeSpan.Zero)
        {
            if (left > LongestWait)
            {
                throw new CubeException(CubeFailureKind.Transient, "Cube asked for a pause") { RetryAfter = left };
            }

            await Task.Delay(left, time, cancellationToken);
        }
    }

    internal void Ask(TimeSpan retryAfter)
    {
        var until = time.GetUtcNow() + retryAfter;
        if (Extend(until))
        {
            Extended?.Invoke(until);
        }
    }
}
