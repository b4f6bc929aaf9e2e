namespace CubeFunctions.Core.Sync;

/// <summary>Why a run is.</summary>
public enum RunKind
{
    /// <summary>Dated feeds, often. The command <c>sync</c> adds the undated ones.</summary>
    Scheduled,

    /// <summary>Undated feeds, seldom: each one reads every customer.</summary>
    Snapshot,

    /// <summary>Chosen scopes, feeds or dates. Moves no checkpoint.</summary>
    Manual,
}

/// <summary>Where a run stands.</summary>
public enum RunStatus
{
    /// <summary>Its row is written, its items are not all.</summary>
    Planning,

    /// <summary>Items are under way.</summary>
    Running,

    /// <summary>No item failed.</summary>
    Succeeded,

    /// <summary>Some items failed.</summary>
    PartiallySucceeded,

    /// <summary>No item succeeded, or the plan could not be made.</summary>
    Failed,

    /// <summary>Someone stopped it.</summary>
    Cancelled,
}

/// <summary>Where a work item stands.</summary>
public enum ItemState
{
    /// <summary>To be done, or being done.</summary>
    Waiting,

    /// <summary>Every window is proven.</summary>
    Succeeded,

    /// <summary>Every window is stored, but not every one is proven.</summary>
    Unproven,

    /// <summary>Given up, with a reason.</summary>
    Failed,

    /// <summary>Its run was stopped.</summary>
    Cancelled,
}

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
