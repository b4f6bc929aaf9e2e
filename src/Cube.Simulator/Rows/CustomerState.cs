using System.Collections.Immutable;

namespace Cube.Simulator.Rows;

/// <summary>
/// What differs from the generated customers of an assignment. Immutable: a request reads one state from first to last row.
/// </summary>
internal sealed record CustomerState
{
    public static readonly CustomerState Untouched = new();

    /// <summary>Added and changed customers by internal id.</summary>
    public ImmutableDictionary<long, CustomerOverlay> Overlays { get; init; } = ImmutableDictionary<long, CustomerOverlay>.Empty;

    /// <summary>Internal ids of added customers, in order of arrival.</summary>
    public ImmutableList<long> Added { get; init; } = [];

    /// <summary>Imported ids of <see cref="Overlays"/>.</summary>
    public ImmutableDictionary<string, long> Imported { get; init; } = ImmutableDictionary.Create<string, long>(StringComparer.Ordinal);

    /// <summary>Two overlays had one imported id at some time.</summary>
    public bool HasSharedIds { get; init; }

    /// <summary>Indexes of generated customers that were deleted.</summary>
    public ImmutableSortedSet<int> Deleted { get; init; } = [];

    /// <summary>Indexes of generated customers that the user may not see for the time being.</summary>
    public ImmutableSortedSet<int> Hidden { get; init; } = [];

    public bool IsAbsent(int index) => Deleted.Contains(index) || Hidden.Contains(index);
}
