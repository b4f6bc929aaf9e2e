using CubeFunctions.Core.Senders;

namespace CubeFunctions.Core.Upserts;

/// <summary>
/// What a customer's pending events bring, merged field by field. Pure. The newest event time wins, equal times go by event; when Cube
/// refuses a value, the next older one is tried. A joined field is made of pending and of remembered parts, and needs all of them.
/// </summary>
/// <param name="memory">What is remembered of the customer.</param>
/// <param name="mapOf">The map of a sender, or null when it is not configured any more.</param>
internal sealed class PendingEvents(MailboxContent memory, Func<string, FieldMap?> mapOf)
{
    private readonly List<PendingValue> _values = [];
    private readonly Dictionary<string, UpsertRow> _rows = new(StringComparer.Ordinal);

    /// <summary>Whether the memory changed without anything to send.</summary>
    public bool MemoryChanged { get; private set; }

    public bool HasOpen => _values.Exists(value => value.State == PendingState.Open);

    /// <summary>Adds an event's values. Those that Cube has newer ones of are superseded at once.</summary>
    public void Add(UpsertRow row, IEnumerable<SourceValue> values)
    {
        _rows[row.RowKey] = row;
        foreach (var value in values.Select(value => new PendingValue(row, value)))
        {
            value.State = Begin(value);
            _values.Add(value);
        }
    }

    /// <summary>The fields to send now.</summary>
    /// <param name="alone">Whether to send one field at a time: Cube refused several without naming one.</param>
    public Dictionary<string, OutgoingField> Next(bool alone)
    {
        var fields = new Dictionary<string, OutgoingField>(StringComparer.Ordinal);
        foreach (var group in _values.Where(value => value.State == PendingState.Open).GroupBy(value => value.Field).ToList())
        {
            var whole = group.Where(value => !value.IsPart).MaxBy(value => value.Stamp);
            var best = whole is null ? null : new OutgoingField(whole.Json, whole.Stamp, [whole], []);
            foreach (var joined in group.Where(value => value.IsPart).GroupBy(value => value.ToPart().Sender).ToList())
            {
                if (Join(group.Key, joined.Key) is { } other && (best is null || best.Stamp.IsOlderThan(other.Stamp)))
                {
                    best = other;
                }
            }

            if (best is not null)
            {
                fields[group.Key] = best;
                if (alone)
                {
                    break;
                }
            }
        }

        return fields;
    }

    /// <summary>Notes that Cube took fields.</summary>
    public void Confirm(IReadOnlyDictionary<string, OutgoingField> fields)
    {
        foreach (var (field, sent) in fields)
        {
            memory.Written[field] = sent.Stamp;
            foreach (var part in sent.Parts)
            {
                memory.Remember(part);
            }

            foreach (var value in sent.Values)
            {
                value.State = PendingState.Delivered;
            }

            foreach (var value in _values.Where(value => value.Field == field && value.State == PendingState.Open))
            {
                value.State = Begin(value);
            }
        }
    }

    /// <summary>Notes that Cube refused a field: its newest value is out, the next older one comes next.</summary>
    public static void Refuse(OutgoingField field, string reason)
    {
        // Of a joined field the newest part is new to Cube; the others may have been taken before.
        var newest = field.Values.MaxBy(value => value.Stamp)!;
        (newest.State, newest.Reason) = (PendingState.Refused, reason);
    }

    /// <summary>What becomes of each event.</summary>
    /// <param name="waitsFor">Why open values wait.</param>
    public List<UpsertEnd> Ends(string waitsFor)
    {
        var ends = new List<UpsertEnd>();
        foreach (var row in _rows.Values)
        {
            var values = _values.FindAll(value => value.Row == row);
            if (values.Find(value => value.State == PendingState.Refused) is { } refused)
            {
                foreach (var part in values.Where(value => value is { State: PendingState.Open, IsPart: true }))
                {
                    memory.Remember(part.ToPart());
                }

                ends.Add(new UpsertEnd(row, UpsertState.Dead, refused.Reason));
            }
            else if (values.Exists(value => value.State == PendingState.Open))
            {
                ends.Add(new UpsertEnd(row, UpsertState.Waiting, waitsFor));
            }
            else
            {
                ends.Add(
                    new UpsertEnd(
                        row,
                        values.Exists(value => value.State == PendingState.Delivered) ? UpsertState.Delivered : UpsertState.Superseded,
                        row.Dropped
                    )
                );
            }
        }

        return ends;
    }

    private PendingState Begin(PendingValue value)
    {
        var written = memory.Written.GetValueOrDefault(value.Field);
        if (!value.IsPart)
        {
            return written is null || written.IsOlderThan(value.Stamp) ? PendingState.Open
                : written == value.Stamp ? PendingState.Delivered
                : PendingState.Superseded;
        }

        var part = value.ToPart();
        var known = memory.Parts.Find(other =>
            (other.Field, other.Part, other.Parts, other.Sender) == (part.Field, part.Part, part.Parts, part.Sender)
        );
        if (known is not null && !known.Stamp.IsOlderThan(part.Stamp))
        {
            return known.Stamp == part.Stamp && written is not null ? PendingState.Delivered : PendingState.Superseded;
        }

        return PendingState.Open;
    }

    private OutgoingField? Join(string field, string sender)
    {
        var open = _values
            .Where(value => value.IsPart && value.Field == field && value.Row.Sender == sender && value.State == PendingState.Open)
            .ToList();
        var parts = new Dictionary<int, MailPart>();
        foreach (
            var part in memory
                .Parts.Where(part => part.Field == field && part.Sender == sender)
                .Concat(open.Select(value => value.ToPart()))
        )
        {
            if (
                part.Parts == open[0].ToPart().Parts
                && (!parts.TryGetValue(part.Part, out var other) || other.Stamp.IsOlderThan(part.Stamp))
            )
            {
                parts[part.Part] = part;
            }
        }

        var stamp = parts.Values.Select(part => part.Stamp).Max()!;
        if (memory.Written.TryGetValue(field, out var written) && stamp.IsOlderThan(written))
        {
            // Overtaken by a value that Cube got otherwise. The parts are kept for those that come later.
            open.ForEach(value =>
            {
                value.State = PendingState.Superseded;
                memory.Remember(value.ToPart());
            });
            MemoryChanged = true;
            return null;
        }

        return
            mapOf(sender)?.Assemble(parts.ToDictionary(part => (field, part.Key), part => part.Value.Value)).Fields.GetValueOrDefault(field)
                is { } json
            ? new OutgoingField(json, stamp, open.FindAll(value => parts.ContainsValue(value.ToPart())), [.. parts.Values])
            : null;
    }
}
