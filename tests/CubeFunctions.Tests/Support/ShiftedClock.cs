namespace CubeFunctions.Tests.Support;

/// <summary>
/// A clock that starts at a chosen instant and runs <paramref name="speed"/> times as fast as the real one: timers included, so nothing
/// hangs.
/// </summary>
public sealed class ShiftedClock(DateTimeOffset start, double speed = 1) : TimeProvider
{
    private readonly DateTimeOffset _realStart = System.GetUtcNow();
    private TimeSpan _ahead;

    /// <summary>How many times as fast as the real one.</summary>
    public double Speed => speed;

    /// <summary>Moves the clock forward at once.</summary>
    public void Advance(TimeSpan by) => _ahead += by;

    public override DateTimeOffset GetUtcNow() => start + _ahead + ((System.GetUtcNow() - _realStart) * speed);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, Shorter(dueTime), Shorter(period));

    private TimeSpan Shorter(TimeSpan span) => span == Timeout.InfiniteTimeSpan ? span : span / speed;
}
