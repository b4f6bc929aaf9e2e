using System.Text.Json;

namespace CubeFunctions.Core.Senders;

/// <summary>HubSpot's two kinds of posts: an app's subscriptions send arrays of events, a workflow sends the whole record.</summary>
/// <remarks>
/// Within an array a fault kills its event only. HubSpot does not repeat a post that was answered with 400, so that refusing the array
/// would lose the other events.
/// </remarks>
internal static class HubSpotParser
{
    private const string PropertyChange = "propertyChange";
    private const string Merge = "merge";
    private const string PrivacyDeletion = "privacyDeletion";
    private const string ContactTypeId = "0-1";
    private const string CompanyTypeId = "0-2";

    public static ParsedBody Parse(SenderPost post)
    {
        if (post.Body.ValueKind == JsonValueKind.Object)
        {
            return ParsedBody.Of([post.Body.TryGetProperty("subscriptionType", out _) ? Event(post, post.Body, null) : WholeRecord(post)]);
        }

        if (post.Body.ValueKind != JsonValueKind.Array)
        {
            return ParsedBody.Refuse(RefusalKind.WrongShape, "The body is neither an array of HubSpot events nor a HubSpot record.");
        }

        var count = post.Body.GetArrayLength();
        if (count is 0 or > UpsertLimits.HubSpotEvents)
        {
            return count == 0
                ? ParsedBody.Refuse(RefusalKind.Empty, "The body is an empty array.")
                : ParsedBody.Refuse(RefusalKind.TooMany, $"The body holds {count} events; {UpsertLimits.HubSpotEvents} are the most.");
        }

        // An id names the event, whatever the attempt: the same one twice in a post is one event.
        return ParsedBody.Of([
            .. post
                .Body.EnumerateArray()
                .Select((item, i) => Event(post, item, i))
                .DistinctBy(given => given.EventId, StringComparer.Ordinal),
        ]);
    }

    private static UpsertEvent Event(SenderPost post, JsonElement item, int? index)
    {
        var freshId = EventIds.At(post.PostId, index);
        if (item.ValueKind != JsonValueKind.Object || Text(item, "subscriptionType") is not { Length: > 0 } subscription)
        {
            return post.ArrivedEvent(freshId) with { Dead = "it is not a HubSpot event: there is no 'subscriptionType'" };
        }

        // A merge names the record that remains otherwise than the other events do.
        var objectId = Text(item, "objectId") ?? Text(item, "newObjectId") ?? Text(item, "primaryObjectId");
        var id = Text(item, "eventId") is { } eventId
            ? EventIds.Of(eventId, objectId, Text(item, "occurredAt"), Text(item, "propertyName"))
            : freshId;
        if (!item.TryGetProperty("occurredAt", out var occurred) || !EventTimes.TryReadInstant(occurred, out var time))
        {
            return post.ArrivedEvent(id) with { Dead = "the event's time 'occurredAt' is missing, or is not a time" };
        }

        var record = new HubSpotEventRecord(item);
        var head = post.Event(id, time) with
        {
            CustomerId = post.CustomerId(record, item.TryGetProperty("objectId", out var own) ? own : null),
        };
        var (entity, what) = Split(subscription, Text(item, "objectTypeId"));
        if (!entity.Equals(post.Sender.Entity, StringComparison.OrdinalIgnoreCase))
        {
            return head with { Ignored = $"the event is about another kind of record than '{post.Sender.Entity}'" };
        }

        if (what.Equals(Merge, StringComparison.OrdinalIgnoreCase))
        {
            return Merged(post, item, head);
        }

        if (what.Equals(PrivacyDeletion, StringComparison.OrdinalIgnoreCase))
        {
            // Where the customer's id is a property the event does not name the customer: a person has to look.
            return post.Sender.ErasesOnPrivacyDeletion && head.CustomerId is not null
                ? head with
                {
                    Erases = true,
                }
                : head with
                {
                    Ignored = Reason(what),
                    NeedsPerson = true,
                };
        }

        if (!what.Equals(PropertyChange, StringComparison.OrdinalIgnoreCase))
        {
            return head with { Ignored = Reason(what) };
        }

        return record.HasProperty
            ? post.Customer(head, record, [], [])
            : head with
            {
                Dead = "the event lacks 'propertyName' or 'propertyValue'",
            };
    }

    /// <summary>
    /// What waits for the records that are no more goes to the one that remains. A merge names records, not their properties.
    /// </summary>
    private static UpsertEvent Merged(SenderPost post, JsonElement item, UpsertEvent head)
    {
        if (head.EventTime - post.Arrival > UpsertLimits.ClockSkew)
        {
            return head with { Dead = "the event's time lies in the future" };
        }

        var merged =
            item.TryGetProperty("mergedObjectIds", out var list) && list.ValueKind == JsonValueKind.Array
                ? list.EnumerateArray()
                    .Take(UpsertLimits.HubSpotEvents)
                    .Select(id => Scalars.TryReadId(id, out var text) ? text : null)
                    .OfType<string>()
                    .ToHashSet(StringComparer.Ordinal)
                : [];
        if (Id(item, "primaryObjectId") is { } primary)
        {
            merged.Add(primary);
        }

        var survivor = Id(item, "newObjectId") ?? Id(item, "primaryObjectId");
        merged.Remove(survivor ?? "");
        return survivor is null || merged.Count == 0 ? head with { Ignored = Reason(Merge) }
            : post.Sender.FieldMap.CustomerIdSource is null
                ? head with
                {
                    Ignored = Reason(Merge),
                    Merge = new UpsertMerge(survivor, [.. merged]),
                }
            : head with
            {
                Ignored =
                    "merged in HubSpot: the customer's id is a property, which a merge does not name; look for what waits for the records that are no more",
                NeedsPerson = true,
            };

        static string? Id(JsonElement item, string name) =>
            item.TryGetProperty(name, out var id) && Scalars.TryReadId(id, out var text) ? text : null;
    }

    /// <summary>Generic subscriptions are called <c>object.{what}</c> and name the type by a number.</summary>
    private static (string Entity, string What) Split(string subscription, string? objectTypeId)
    {
        var dot = subscription.IndexOf('.', StringComparison.Ordinal);
        var (entity, what) = dot < 0 ? (subscription, "") : (subscription[..dot], subscription[(dot + 1)..]);
        return (
            entity != "object"
                ? entity
                : objectTypeId switch
                {
                    ContactTypeId => "contact",
                    CompanyTypeId => "company",
                    _ => objectTypeId ?? "",
                },
            what
        );
    }

    private static string Reason(string what) =>
        what.ToUpperInvariant() switch
        {
            "DELETION" => "deleted in HubSpot: Cube has no delete",
            "PRIVACYDELETION" => "deleted for privacy in HubSpot: erase this customer here and in Cube, then drop this event",
            "MERGE" => "merged in HubSpot: what waits for the records that are no more goes to the one that remains",
            "CREATION" => "created in HubSpot: its properties come as events of their own",
            _ => "no property was changed",
        };

    private static UpsertEvent WholeRecord(SenderPost post)
    {
        var record = new HubSpotWholeRecord(post.Body);
        var id = EventIds.At(post.PostId, null);

        // The record is as it was at its last change or later, so that every older property event loses against it, and every newer one
        // wins.
        var head = record.LastModified is { } modified ? post.Event(id, modified) : post.ArrivedEvent(id);
        head = head with { CustomerId = post.CustomerId(record, record.Id) };
        return record.IsArchived ? head with { Ignored = Reason("deletion") } : post.Customer(head, record, [], []);
    }

    private static string? Text(JsonElement item, string name) => item.TryGetProperty(name, out var value) ? Scalars.Text(value) : null;
}
