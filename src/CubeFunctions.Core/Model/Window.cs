
namespace CubeFunctions.Core.Model;

/// <summary>What one sweep reads: days, first and last included, in the tenant's local time; or everything (a snapshot).</summary>
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
}
