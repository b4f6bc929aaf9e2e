namespace CubeFunctions.Core.Model;

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

    /// <summary>No item of this run: an earlier run of the kind still has the scope and feed in hand.</summary>
    InHand,
}
