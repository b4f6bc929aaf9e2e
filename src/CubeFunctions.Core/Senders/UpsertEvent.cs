namespace CubeFunctions.Core.Senders;

/// <summary>What one event says of one customer.</summary>
public sealed record UpsertEvent
{
    /// <summary>The sender's own id of the event, the same for every repeat; at most 256 characters.</summary>
    public required string EventId { get; init; }

    /// <summary>The imported id, as text, leading zeros kept; null where the event does not name a customer.</summary>
    public string? CustomerId { get; init; }

    /// <summary>The assignment.</summary>
    public required string AssignmentId { get; init; }

    /// <summary>When it happened at the sender.</summary>
    public required DateTimeOffset EventTime { get; init; }

    /// <summary>
    /// Whether <see cref="EventTime"/> is the arrival, since the sender gives no time: a repeat must then keep that of its first
    /// arrival.
    /// </summary>
    public bool EventTimeIsArrival { get; init; }

    /// <summary>The values, without the customer's id and the map's constants. Empty where the event is ignored or dead.</summary>
    public IReadOnlyList<SourceValue> Values { get; init; } = [];

    /// <summary>Why the event changes nothing in Cube, such as a deletion in the CRM; else null.</summary>
    public string? Ignored { get; init; }

    /// <summary>Why the event can never be delivered; else null. Names fields, never values.</summary>
    public string? Dead { get; init; }

    /// <summary>Of an event that is dead by single fields: the values that can be sent all the same.</summary>
    public IReadOnlyList<SourceValue> Mappable { get; init; } = [];

    /// <summary>Whether an ignored event has to be seen by a person, such as a deletion for privacy.</summary>
    public bool NeedsPerson { get; init; }

    /// <summary>Whether the customer is to be erased, as the sender's settings say.</summary>
    public bool Erases { get; init; }

    /// <summary>Records that were merged in the CRM; null for other events.</summary>
    public UpsertMerge? Merge { get; init; }

    /// <summary>The outcome alone: ids are personal data.</summary>
    public override string ToString() => Dead ?? Ignored ?? $"{Values.Count} values";
}
