namespace CubeFunctions.Core.Model;

/// <summary>Why a window counts as complete, or that it does not.</summary>
public enum Proof
{
    /// <summary>The sweeps disagree.</summary>
    None,

    /// <summary>The pages of one sweep agree with the count that each gives, and no record occurs twice.</summary>
    Count,

    /// <summary>Two sweeps agree record by record.</summary>
    Sweeps,
}
