namespace CubeFunctions.Core.Upserts;

/// <summary>What becomes of an event after a delivery.</summary>
/// <param name="Row">The event.</param>
/// <param name="State">Where it stands now.</param>
/// <param name="Reason">Why it is dead, or what it waits for; null for nothing to say.</param>
internal sealed record UpsertEnd(UpsertRow Row, UpsertState State, string? Reason)
{
    /// <summary>The reason of an event whose row is garbled.</summary>
    public const string Unreadable = "its row cannot be read";

    /// <summary>Since when its deliveries have failed without a break; null where this one did not fail.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>Unforeseen failures in a row.</summary>
    public int Attempts { get; init; }

    /// <summary>Whether the row has to be written for it.</summary>
    public bool IsNews =>
        State != UpsertState.Waiting
        || (Reason ?? "") != (Row.Reason ?? "")
        || FailingSince != Row.History.FailingSince
        || Attempts != Row.Attempts;
}
