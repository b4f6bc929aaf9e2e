using System.Collections.Immutable;
using Cube.Simulator.Generation;

namespace Cube.Simulator.Rows;

/// <summary>What differs from the generated rows of a campaign's day.</summary>
internal sealed record DayOverlay
{
    public static readonly DayOverlay Untouched = new();

    /// <summary>Added rows, the newest first: they come before the generated ones.</summary>
    public ImmutableList<DayRow> Added { get; init; } = [];

    public ImmutableDictionary<int, DayRow> Corrected { get; init; } = ImmutableDictionary<int, DayRow>.Empty;

    public ImmutableSortedSet<int> Removed { get; init; } = [];
}
