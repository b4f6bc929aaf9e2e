using System.Diagnostics.CodeAnalysis;

namespace CubeFunctions.Core.Storage;

/// <summary>A value with the time it was asked for: it is at least as new as that.</summary>
internal sealed record Reading<T>(T Value, DateTimeOffset At);

/// <summary>
/// What a process knows of something that others change: read again when it is too old. Safe for any number of callers, one of whom reads.
/// </summary>
/// <param name="read">Reads it; is given what was known before, or null.</param>
/// <param name="freshFor">How old a reading may be.</param>
/// <param name="time">The clock.</param>
[SuppressMessage("Reliability", "CA1001", Justification = "The gate lives as long as its callers, and nothing in it needs to be disposed.")]
internal sealed class CachedValue<T>(Func<Reading<T>?, CancellationToken, Task<T>> read, TimeSpan freshFor, TimeProvider time)
{
    private readonly SemaphoreSlim _gate = new(1);
    private volatile Reading<T>? _last;

    /// <summary>What is known without a look; null for nothing.</summary>
    public Reading<T>? Last => _last;

    /// <summary>The value, at most <c>freshFor</c> old.</summary>
    public ValueTask<Reading<T>> GetAsync(CancellationToken cancellationToken) => GetAsync(DateTimeOffset.MinValue, cancellationToken);

    /// <summary>The value, at most <c>freshFor</c> old and read after an instant. One that is not over yet has it read each time.</summary>
    public ValueTask<Reading<T>> GetAsync(DateTimeOffset after, CancellationToken cancellationToken) =>
        _last is { } last && IsFresh(last, after) ? new(last) : new(ReadAsync(after, cancellationToken));

    /// <summary>Takes note of what this process wrote itself.</summary>
    public void Set(T value) => _last = new(value, time.GetUtcNow());

    private async Task<Reading<T>> ReadAsync(DateTimeOffset after, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var before = _last;
            if (before is not null && IsFresh(before, after))
            {
                return before;
            }

            var asked = time.GetUtcNow();
            var reading = new Reading<T>(await read(before, cancellationToken), asked);

            // What was set meanwhile is newer than this.
            return ReferenceEquals(Interlocked.CompareExchange(ref _last, reading, before), before) ? reading : _last!;
        }
        finally
        {
            _gate.Release();
        }
    }

    private bool IsFresh(Reading<T> reading, DateTimeOffset after)
    {
        var age = time.GetUtcNow() - reading.At;
        return reading.At > after && age >= TimeSpan.Zero && age < freshFor;
    }
}
