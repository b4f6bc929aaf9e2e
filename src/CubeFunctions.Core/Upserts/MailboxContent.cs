using System.Diagnostics;
using System.Text.Json.Serialization;

namespace CubeFunctions.Core.Upserts;

/// <summary>One part of a joined field that an ended event brought, kept for the next part.</summary>
/// <param name="Field">Cube's field.</param>
/// <param name="Part">Which source of the field.</param>
/// <param name="Parts">How many sources the field is joined of.</param>
/// <param name="Sender">Whose map joins the parts.</param>
/// <param name="Value">A JSON scalar.</param>
/// <param name="Time">When it happened at the sender.</param>
/// <param name="Event">The event's row key; decides between equal times.</param>
internal sealed record MailPart(string Field, int Part, int Parts, string Sender, string Value, DateTimeOffset Time, string Event)
{
    [JsonIgnore]
    public MailStamp Stamp => new(Time, Event);
}

/// <summary>Which event a value is from. The newest time wins, equal times go by event.</summary>
internal sealed record MailStamp(DateTimeOffset Time, string Event) : IComparable<MailStamp>
{
    public int CompareTo(MailStamp? other) =>
        other is null ? 1
        : Time != other.Time ? Time.CompareTo(other.Time)
        : string.CompareOrdinal(Event, other.Event);

    public bool IsOlderThan(MailStamp other) => CompareTo(other) < 0;
}

/// <summary>The trace in which values were sent to Cube.</summary>
/// <param name="Traceparent">W3C trace context of the delivery.</param>
/// <param name="Latest">When its values were in Cube at the latest.</param>
internal sealed record SentTrace(string Traceparent, DateTimeOffset Latest);

/// <summary>What is remembered of one customer between deliveries. Values that wait are in the rows of their events.</summary>
internal sealed record MailboxContent
{
    /// <summary>A longer value is not kept for comparing.</summary>
    private const int LongestSent = 4_000;

    /// <summary>Values of one field that may be in Cube at once.</summary>
    private const int SentPerField = 3;

    /// <summary>Traces kept: earlier ones have been compared, or are one cause among many.</summary>
    private const int MaxTraces = 4;

    /// <summary>The customer's id in Cube's URLs, as last found. Each delivery checks it again.</summary>
    public string? CubeId { get; set; }

    /// <summary>When a POST was sent whose answer is not known: the customer is looked up before another.</summary>
    public DateTimeOffset? PostedAt { get; set; }

    /// <summary>Failures in a row.</summary>
    public int Failures { get; set; }

    /// <summary>No attempt before this.</summary>
    public DateTimeOffset? WakeAt { get; set; }

    /// <summary>Whether events wait.</summary>
    public bool HasPending { get; set; }

    /// <summary>The imported id of the record that this one was merged into in the CRM, or null.</summary>
    public string? MergedInto { get; set; }

    /// <summary>Partition of that record.</summary>
    public string? MergedKey { get; set; }

    /// <summary>When the records were merged.</summary>
    public DateTimeOffset? MergedAt { get; set; }

    /// <summary>Parts of joined fields.</summary>
    [JsonPropertyName("entries")]
    public List<MailPart> Parts { get; set; } = [];

    /// <summary>What each field in Cube was last written from, by us.</summary>
    public Dictionary<string, MailStamp> Written { get; set; } = [];

    /// <summary>What was last sent to Cube, by field: several values where it is not known which of them arrived.</summary>
    public Dictionary<string, List<SentValue>> Sent { get; set; } = [];

    /// <summary>Traces of the last deliveries, oldest first: a change set that holds what they wrote is linked to them.</summary>
    public List<SentTrace> Traces { get; set; } = [];

    /// <summary>Keeps a part unless a newer one is known.</summary>
    public void Remember(MailPart part)
    {
        var place = Parts.FindIndex(other =>
            (other.Field, other.Part, other.Parts, other.Sender) == (part.Field, part.Part, part.Parts, part.Sender)
        );
        if (place < 0)
        {
            Parts.Add(part);
        }
        else if (Parts[place].Stamp.IsOlderThan(part.Stamp))
        {
            Parts[place] = part;
        }
    }

    /// <summary>Notes what is about to be sent: from then on it may be in Cube.</summary>
    /// <param name="fields">The fields.</param>
    /// <param name="until">The end of the lease under which they are sent.</param>
    public void NoteSending(IReadOnlyDictionary<string, OutgoingField> fields, DateTimeOffset until)
    {
        foreach (var (field, value) in fields.Where(field => field.Value.Json.Length <= LongestSent))
        {
            var sent = Sent.GetValueOrDefault(field) ?? [];
            Sent[field] =
            [
                .. sent.Where(other => other.Json != value.Json || other.IsTaken).TakeLast(SentPerField - 1),
                new SentValue(value.Json, until, IsTaken: false),
            ];
        }

        NoteTrace(until);
    }

    /// <summary>Notes that Cube took values: earlier ones are in Cube no more.</summary>
    public void NoteTaken(IEnumerable<KeyValuePair<string, string>> fields, DateTimeOffset now)
    {
        foreach (var (field, json) in fields.Where(field => field.Value.Length <= LongestSent))
        {
            Sent[field] = [new SentValue(json, now, IsTaken: true)];
        }

        NoteTrace(now);
    }

    /// <summary>Removes the note of what Cube refused.</summary>
    public void NoteRefused(string field)
    {
        if (Sent.GetValueOrDefault(field)?.FindAll(value => value.IsTaken) is { Count: > 0 } taken)
        {
            Sent[field] = taken;
        }
        else
        {
            Sent.Remove(field);
        }
    }

    private void NoteTrace(DateTimeOffset latest)
    {
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } traceparent })
        {
            Traces = [.. Traces.Where(other => other.Traceparent != traceparent).TakeLast(MaxTraces - 1), new(traceparent, latest)];
        }
    }

    /// <summary>Makes room by what is needed least: sent values first, then parts, then the oldest stamps.</summary>
    /// <returns>False where nothing is left to remove.</returns>
    public bool TryShrink()
    {
        if (Sent.Count > 0)
        {
            foreach (
                var field in Sent.OrderByDescending(field => field.Value.Sum(value => value.Json.Length))
                    .Take((Sent.Count / 4) + 1)
                    .Select(field => field.Key)
                    .ToList()
            )
            {
                Sent.Remove(field);
            }

            return true;
        }

        if (Parts.Count > 0)
        {
            Parts.Remove(Parts.MaxBy(part => part.Value.Length)!);
            return true;
        }

        foreach (var field in Written.OrderBy(field => field.Value).Take((Written.Count / 4) + 1).Select(field => field.Key).ToList())
        {
            Written.Remove(field);
        }

        return Written.Count > 0;
    }
}
