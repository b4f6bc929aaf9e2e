namespace CubeFunctions.Core.Delivery;

/// <summary>Where a delivery to the CRM stands.</summary>
public enum DeliveryState
{
    /// <summary>On its way to the receiver.</summary>
    Waiting,

    /// <summary>Found by a manual run that delivers nothing: the next run of its scope and feed that does sends it first.</summary>
    Deferred,

    /// <summary>The receiver took it.</summary>
    Delivered,

    /// <summary>Given up, with a reason, until someone replays or drops it.</summary>
    Dead,

    /// <summary>Was dead, and someone gave it up.</summary>
    Dropped,
}
