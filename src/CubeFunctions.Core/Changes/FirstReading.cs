namespace CubeFunctions.Core.Changes;

/// <summary>Records that are read for the first time: all of a snapshot, or those of some days.</summary>
/// <param name="days">The days, as ranges that do not touch; null for a snapshot.</param>
internal sealed class FirstReading(IReadOnlyList<DayRange>? days)
{
    /// <summary>A first snapshot is one range, whatever its records' days (there are none).</summary>
    private static readonly DayRange Whole = new(0, 0);

    /// <summary>The range of days that a baseline line stands for and that holds the day; null where the day was read before.</summary>
    public DayRange? Find(int day)
    {
        if (days is null)
        {
            return Whole;
        }

        foreach (var range in days)
        {
            if (range.From <= day && day <= range.To)
            {
                return range;
            }
        }

        return null;
    }

    /// <summary>The days of a line as the line says them; null for a snapshot.</summary>
    public DayRange? DaysOf(DayRange range) => days is null ? null : range;

    /// <summary>What a window holds that was never read; null for nothing.</summary>
    /// <param name="known">What is known.</param>
    /// <param name="window">The window's days; null for a snapshot.</param>
    /// <param name="today">The tenant's day now.</param>
    public static FirstReading? Create(ScopeState known, DayRange? window, DateOnly today) =>
        window is { } range
            ? known.Unread(range, today.DayNumber) is { Count: > 0 } unread
                ? new FirstReading(unread)
                : null
            : known.IsFirst
                ? new FirstReading(null)
                : null;
}
