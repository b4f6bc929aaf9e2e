using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Core.Senders;

/// <summary>A verified post: what the parsers of all kinds need.</summary>
internal sealed record SenderPost(SenderSettings Sender, IHeaderDictionary Headers, JsonElement Body, DateTimeOffset Arrival, string PostId)
{
    /// <summary>
    /// The event of a customer: its values by the sender's map, with <paramref name="passed"/>, or the reason why it is dead.
    /// </summary>
    /// <param name="head">The event without values.</param>
    /// <param name="record">The customer.</param>
    /// <param name="passed">Values that pass as they are.</param>
    /// <param name="faults">Why other values do not.</param>
    public UpsertEvent Customer(UpsertEvent head, SourceRecord record, IReadOnlyList<SourceValue> passed, List<string> faults)
    {
        if (head.EventTime - Arrival > UpsertLimits.ClockSkew)
        {
            return head with { Dead = "the event's time lies in the future" };
        }

        if (head.CustomerId is null)
        {
            return head with
            {
                Dead = Sender.FieldMap.CustomerIdSource is { } source
                    ? $"field 'customer_id': source '{source.Text}' is missing, or is no id (text, or a whole number)"
                    : "field 'customer_id' is missing, or is no id (text, or a whole number)",
            };
        }

        IReadOnlyList<SourceValue> values = [.. Sender.FieldMap.Values(record, faults), .. passed];
        if (faults.Count > 0)
        {
            return head with { Dead = string.Join("; ", faults), Mappable = values };
        }

        return values.Count == 0 ? head with { Ignored = "no mapped field is in the event" } : head with { Values = values };
    }

    /// <summary>The imported id: from the map's source, else the one that the kind has by itself.</summary>
    public string? CustomerId(SourceRecord record, JsonElement? own) =>
        Sender.FieldMap.CustomerIdSource is { } source
            ? record.TryFind(source, out var mapped) && Scalars.TryReadId(mapped, out var id)
                ? id
                : null
            : own is { } value && Scalars.TryReadId(value, out var ownId)
                ? ownId
                : null;

    /// <summary>The start of an event, with a time the sender gave.</summary>
    public UpsertEvent Event(string id, DateTimeOffset time) =>
        new()
        {
            EventId = id,
            AssignmentId = Sender.AssignmentId,
            EventTime = time,
        };

    /// <summary>The start of an event whose sender gave no time.</summary>
    public UpsertEvent ArrivedEvent(string id) => Event(id, Arrival) with { EventTimeIsArrival = true };
}
