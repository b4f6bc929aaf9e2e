namespace CubeFunctions.Core.Model;

/// <summary>What one crawl reads: days, first and last included, in the tenant's local time; or everything (a snapshot).</summary>
/// <param name="From">First day, or null for a snapshot.</param>
/// <param name="To">Last day, or null for a snapshot.</param>
public sealed record Window(DateOnly? From, DateOnly? To)
{
    /// <summary>Everything the feed has.</summary>
    public static Window Snapshot { get; } = new(null, null);

    /// <summary>Its name in paths: <c>20260101_20260131</c> or <c>snapshot</c>.</summary>
    public string Name => From is { } from && To is { } to ? $"{from.Compact()}_{to.Compact()}" : "snapshot";

    /// <summary>The filter of a request: always both days, since one left out means "today" to Cube.</summary>
    public string Query => From is { } from && To is { } to ? $"from_date={from.Compact()}&to_date={to.Compact()}" : "";

    /// <summary>How many days it has; 0 for a snapshot.</summary>
    public int Days => From is { } from && To is { } to ? to.DayNumber - from.DayNumber + 1 : 0;

    /// <summary>One day alone.</summary>
    public static Window Day(DateOnly day) => new(day, day);

    /// <summary>Whether a day lies in it.</summary>
    public bool Holds(DateOnly day) => From <= day && To >= day;

    /// <summary>Whether another window lies in it whole.</summary>
    public bool Holds(Window other) => From <= other.From && To >= other.To;

    /// <summary>Its first and second half, for a window of two days or more.</summary>
    internal (Window First, Window Second) Halves()
    {
        var middle = From!.Value.AddDays((Days / 2) - 1);
        return (new(From, middle), new(middle.AddDays(1), To));
    }
}
