using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>A window to be crawled.</summary>
/// <param name="Item">The item.</param>
/// <param name="Lease">Its lease.</param>
/// <param name="Window">The window.</param>
/// <param name="Resumes">Whether an earlier claim of the item may have stored pages.</param>
/// <param name="MayHalve">Whether halves of it may be read in its place.</param>
/// <param name="IsHalf">Whether it is itself read in the place of a larger one.</param>
/// <param name="Observers">Who observes it.</param>
internal sealed record WindowTask(
    ItemRow Item,
    LeasedRow<CheckpointRow> Lease,
    Window Window,
    bool Resumes,
    bool MayHalve,
    bool IsHalf,
    WindowObservers Observers
)
{
    /// <summary>When the work on the item began.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Whether a window that gives so many records of what Cube counts, twice in a row, is a gap.</summary>
    public required Func<long, long, bool> IsGap { get; init; }

    /// <summary>Asked before each page but the first.</summary>
    public required Func<bool> ShouldStop { get; init; }
}
