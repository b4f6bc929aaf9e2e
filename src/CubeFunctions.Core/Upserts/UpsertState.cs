namespace CubeFunctions.Core.Upserts;

/// <summary>Where an upsert stands.</summary>
public enum UpsertState
{
    /// <summary>Kept, on its way to Cube.</summary>
    Waiting,

    /// <summary>At least one of its fields is in Cube, and none waits.</summary>
    Delivered,

    /// <summary>A newer event was quicker, for every field.</summary>
    Superseded,

    /// <summary>Given up, with a reason, until someone replays or drops it.</summary>
    Dead,

    /// <summary>Changes nothing in Cube, such as a deletion in the CRM.</summary>
    Ignored,

    /// <summary>Was dead, and someone gave it up.</summary>
    Dropped,
}
