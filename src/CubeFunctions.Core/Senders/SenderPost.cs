using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Core.Senders;

/// <summary>A verified post: what the parsers of all kinds need.</summary>
internal sealed record SenderPost(SenderSettings Sender, IHeaderDictionary Headers, JsonElement Body, DateTimeOffset Arrival, string PostId)
{
    /// <summary>The event of a customer: its values by the sender's map, with <paramref name="passed"/>, or the reason why it is dead.</summary>
    public UpsertEvent Customer(UpsertEvent head, SourceRecord record, IReadOnlyList<SourceValue> passed)
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
                : "field 'customer_id' is missing, or is no id (text, or a whole number)"
            };
        }

        if (Sender.FieldMap.Values(record, out var fault) is not { } mapped)
        {
            return head with { Dead = fault };
        }

        IReadOnlyList<SourceValue> values = [.. mapped, .. passed];
        return values.Count == 0 ? head with { Ignored = "no mapped field is in the event" } : head with { Values = values };
    }

    /// <summary>The imported id: from the map's source, else the one that the kind has by itself.</summary>
    public string? CustomerId(SourceRecord record, JsonElement? own) =>
        Sender.FieldMap.CustomerIdSource is { } source
            ? record.TryFind(source, out var mapped) && Scalars.TryReadId(mapped, out var id) ? id : null
            : own is { } value && Scalars.TryReadId(value, out var ownId) ? ownId : null;

    /// <summary>The start of an event, with a time the sender gave.</summary>
    public UpsertEvent Event(string id, DateTimeOffset time) => new() { EventId = id, AssignmentId = Sender.AssignmentId, EventTime = time };

    /// <summary>The start of an event whose sender gave no time.</summary>
    public UpsertEvent ArrivedEvent(string id) => Event(id, Arrival) with { EventTimeIsArrival = true };
}
