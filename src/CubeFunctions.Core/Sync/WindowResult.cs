using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Sync;

/// <summary>What an item's row keeps of a window.</summary>
/// <param name="From">First day, or null for a snapshot.</param>
/// <param name="To">Last day, or null for a snapshot.</param>
/// <param name="Proof">Why it counts as complete.</param>
/// <param name="Pages">Pages read.</param>
/// <param name="Records">Records read.</param>
/// <param name="Bytes">Bytes read.</param>
/// <param name="Manifest">Path of the manifest that holds its pages.</param>
/// <param name="Unchanged">Whether that is of an earlier reading.</param>
internal sealed record WindowResult(
    DateOnly? From,
    DateOnly? To,
    Proof Proof,
    int Pages,
    long Records,
    long Bytes,
    string Manifest,
    bool Unchanged
)
{
    /// <summary>Records that Cube says there are; null where its pages disagree.</summary>
    public long? Count { get; init; }

    /// <summary>Why it is not proven, in figures.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether it was halved: its halves are windows of their own, and nothing is stored of it.</summary>
    public bool Halved { get; init; }

    public Window Window => new(From, To);

    public static WindowResult HalvedWindow(Window window, long? count) =>
        new(window.From, window.To, Proof.None, 0, 0, 0, "", Unchanged: false) { Count = count, Halved = true };
}
