using System.Globalization;
using CubeFunctions.Core.Senders;

namespace CubeFunctions.Core.Upserts;

/// <summary>A value that waits for delivery, or that a joined field needs later.</summary>
/// <param name="Field">Cube's field, or <c>custom:{label}</c>.</param>
/// <param name="Part">Which source of a joined field.</param>
/// <param name="Parts">How many sources the field is joined of; 1 for a whole value.</param>
/// <param name="Sender">Whose map joins the parts; empty for a whole value, which needs no map.</param>
/// <param name="Value">A JSON scalar.</param>
/// <param name="Time">When it happened at the sender.</param>
/// <param name="Event">The event's row key; settles equal times.</param>
/// <param name="Pending">Whether it waits for delivery.</param>
internal sealed record MailEntry(string Field, int Part, int Parts, string Sender, string Value, DateTimeOffset Time, string Event, bool Pending);

/// <summary>Which event a field in Cube was written from.</summary>
internal sealed record MailStamp(DateTimeOffset Time, string Event)
{
    public bool IsOlderThan(DateTimeOffset time, string eventKey) =>
        Time != time ? Time < time : string.CompareOrdinal(Event, eventKey) < 0;
}

/// <summary>A field on its way to Cube.</summary>
/// <param name="Json">A JSON scalar.</param>
/// <param name="Stamp">The newest event that it comes from.</param>
/// <param name="Events">All events that it comes from: several for a joined field.</param>
internal sealed record OutgoingField(string Json, MailStamp Stamp, IReadOnlyCollection<string> Events);

/// <summary>What one customer's mailbox holds. The newest event time wins field by field, equal times go by event.</summary>
internal sealed record MailboxContent
{
    /// <summary>The customer's id in Cube's URLs, once it was checked to be his.</summary>
    public string? CubeId { get; set; }

    /// <summary>When a POST was sent whose answer is not known: he is looked up before another.</summary>
    public DateTimeOffset? PostedAt { get; set; }

    /// <summary>Failures in a row.</summary>
    public int Failures { get; set; }

    /// <summary>Since when deliveries fail.</summary>
    public DateTimeOffset? FailingSince { get; set; }

    /// <summary>No attempt before this.</summary>
    public DateTimeOffset? WakeAt { get; set; }

    /// <summary>What it waits for.</summary>
    public string? Reason { get; set; }

    /// <summary>Values.</summary>
    public List<MailEntry> Entries { get; set; } = [];

    /// <summary>What each field in Cube was last written from, by us.</summary>
    public Dictionary<string, MailStamp> Written { get; set; } = [];

    /// <summary>What was last sent to Cube, by field: several values where it is not known which of them arrived.</summary>
    public Dictionary<string, List<SentValue>> Sent { get; set; } = [];

    /// <summary>Whether something waits.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool HasPending => Entries.Exists(entry => entry.Pending);

    /// <summary>Merges an event's values.</summary>
    public void Merge(string sender, DateTimeOffset time, string eventKey, IEnumerable<SourceValue> values)
    {
        foreach (var value in values)
        {
            var owner = value.Parts > 1 ? sender : "";
            var place = Entries.FindIndex(entry => entry.Field == value.Field && entry.Part == value.Part && entry.Sender == owner && entry.Parts == value.Parts);
            if (place >= 0 && !IsNewer(time, eventKey, Entries[place]))
            {
                continue;
            }

            if (Written.TryGetValue(value.Field, out var written) && !written.IsOlderThan(time, eventKey) && value.Parts == 1)
            {
                continue;
            }

            var entry = new MailEntry(value.Field, value.Part, value.Parts, owner, value.RawJson, time, eventKey, Pending: true);
            if (place >= 0)
            {
                Entries[place] = entry;
            }
            else
            {
                Entries.Add(entry);
            }
        }
    }

    /// <summary>The fields to send now: of a whole value and a joined one for the same field the newer.</summary>
    /// <param name="mapOf">The map of a sender, or null when it is configured no more.</param>
    public Dictionary<string, OutgoingField> Outgoing(Func<string, FieldMap?> mapOf)
    {
        var fields = new Dictionary<string, OutgoingField>(StringComparer.Ordinal);
        foreach (var group in Entries.GroupBy(entry => (entry.Field, entry.Sender)).Where(group => group.Any(entry => entry.Pending)))
        {
            var newest = group.MaxBy(entry => (entry.Time, entry.Event), NewestFirst)!;
            var stamp = new MailStamp(newest.Time, newest.Event);
            var json = group.Key.Sender.Length == 0
                ? newest.Value
                : mapOf(group.Key.Sender)?.Assemble(group.ToDictionary(entry => (entry.Field, entry.Part), entry => entry.Value)).Fields.GetValueOrDefault(group.Key.Field);

            // A part that comes late changes a joined field whose newest part is in Cube already.
            var isNew = !Written.TryGetValue(group.Key.Field, out var written) || written.IsOlderThan(stamp.Time, stamp.Event) || (group.Key.Sender.Length > 0 && written == stamp);
            if (json is not null && isNew
                && (!fields.TryGetValue(group.Key.Field, out var other) || other.Stamp.IsOlderThan(stamp.Time, stamp.Event)))
            {
                fields[group.Key.Field] = new OutgoingField(json, stamp, [.. group.Select(entry => entry.Event).Distinct()]);
            }
        }

        return fields;
    }

    /// <summary>Parts of a joined field that was since written from newer events need not wait for anything.</summary>
    public void GiveWay()
    {
        foreach (var group in Entries.Where(entry => entry.Parts > 1).GroupBy(entry => (entry.Field, entry.Sender)).ToList())
        {
            if (Written.TryGetValue(group.Key.Field, out var written) && group.All(entry => new MailStamp(entry.Time, entry.Event).IsOlderThan(written.Time, written.Event)))
            {
                Settle(entry => entry.Parts > 1 && (entry.Field, entry.Sender) == group.Key);
            }
        }
    }

    /// <summary>Notes that fields are in Cube now, and drops what is of no more use. Parts of joined fields stay, for the next part.</summary>
    public void Delivered(IReadOnlyDictionary<string, OutgoingField> fields)
    {
        foreach (var (field, sent) in fields)
        {
            Written[field] = sent.Stamp;
        }

        Settle(entry => Written.TryGetValue(entry.Field, out var written) && !written.IsOlderThan(entry.Time, entry.Event));
        (Failures, FailingSince, WakeAt, Reason) = (0, null, null, null);
    }

    /// <summary>A longer value is not kept for comparing: it would take the room that waiting values need.</summary>
    private const int LongestSent = 4_000;

    /// <summary>Notes what is about to be sent: from then on it may be in Cube.</summary>
    /// <param name="fields">The fields.</param>
    /// <param name="until">The end of the lease under which they are sent.</param>
    public void Sending(IReadOnlyDictionary<string, OutgoingField> fields, DateTimeOffset until)
    {
        const int Kept = 3;
        foreach (var (field, value) in fields.Where(field => field.Value.Json.Length <= LongestSent))
        {
            var sent = Sent.GetValueOrDefault(field) ?? [];
            Sent[field] = [.. sent.Where(other => other.Json != value.Json || other.IsTaken).TakeLast(Kept - 1), new SentValue(value.Json, until, IsTaken: false)];
        }
    }

    /// <summary>Notes that Cube took values: earlier ones are in Cube no more.</summary>
    public void Taken(IEnumerable<KeyValuePair<string, string>> fields, DateTimeOffset now)
    {
        foreach (var (field, json) in fields.Where(field => field.Value.Length <= LongestSent))
        {
            Sent[field] = [new SentValue(json, now, IsTaken: true)];
        }
    }

    /// <summary>Forgets what Cube refused.</summary>
    public void NotTaken(string field)
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

    /// <summary>Takes fields out of the waiting ones, since they are dead.</summary>
    public void GiveUp(Func<MailEntry, bool> which) => Settle(which);

    private void Settle(Func<MailEntry, bool> which) =>
        Entries = [.. Entries.Select(entry => entry.Pending && which(entry) ? entry with { Pending = false } : entry).Where(entry => entry.Pending || entry.Parts > 1)];

    private static Comparer<(DateTimeOffset Time, string Event)> NewestFirst { get; } = Comparer<(DateTimeOffset Time, string Event)>.Create(
        static (one, other) => one.Time != other.Time ? one.Time.CompareTo(other.Time) : string.CompareOrdinal(one.Event, other.Event));

    private static bool IsNewer(DateTimeOffset time, string eventKey, MailEntry entry) => new MailStamp(entry.Time, entry.Event).IsOlderThan(time, eventKey);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Entries.Count} values");
}
