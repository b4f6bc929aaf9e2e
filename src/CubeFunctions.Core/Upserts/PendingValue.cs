using CubeFunctions.Core.Senders;

namespace CubeFunctions.Core.Upserts;

/// <summary>Where one value of an event stands.</summary>
internal enum PendingState
{
    /// <summary>It waits to be sent.</summary>
    Open,

    /// <summary>Cube took it.</summary>
    Delivered,

    /// <summary>Cube has a newer one.</summary>
    Superseded,

    /// <summary>Cube does not take it.</summary>
    Refused,
}

/// <summary>One value of one pending event.</summary>
internal sealed class PendingValue(UpsertRow row, SourceValue value)
{
    public UpsertRow Row => row;

    public string Field => value.Field;

    public MailStamp Stamp { get; } = row.Stamp;

    public string Json => value.RawJson;

    public bool IsPart => value.Parts > 1;

    public PendingState State { get; set; }

    /// <summary>Why Cube refused it, or null.</summary>
    public string? Reason { get; set; }

    public MailPart ToPart() => new(value.Field, value.Part, value.Parts, row.Sender, value.RawJson, row.EventTime, row.RowKey);
}
