using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Sync;

/// <summary>A proven reading that the next one is compared with.</summary>
/// <param name="From">First day, or null for a snapshot.</param>
/// <param name="To">Last day, or null for a snapshot.</param>
/// <param name="Manifest">Path of the manifest that holds its pages.</param>
/// <param name="At">When it was proven.</param>
/// <param name="Compared">Whether its changes were published, and nothing in it has to be looked at again.</param>
internal sealed record Reading(DateOnly? From, DateOnly? To, string Manifest, DateTimeOffset At, bool Compared = false)
{
    /// <summary>Whether it was read in the place of a larger window whose pages did not agree.</summary>
    public bool IsHalf { get; init; }

    public Window Window => new(From, To);
}
