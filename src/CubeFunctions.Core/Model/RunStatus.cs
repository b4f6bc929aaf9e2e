namespace CubeFunctions.Core.Model;

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
