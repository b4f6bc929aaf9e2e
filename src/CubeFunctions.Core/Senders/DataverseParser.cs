using System.Text.Json;

namespace CubeFunctions.Core.Senders;

/// <summary>
/// Dataverse's <c>RemoteExecutionContext</c> as JSON (learn.microsoft.com, Use webhooks): what was done to which record, the changed
/// columns, and images of the record where the registered step has them.
/// </summary>
internal static class DataverseParser
{
    /// <summary>Set by the platform when the body exceeded 256 KB and the record was taken out of it.</summary>
    public const string SizeExceededHeader = "x-ms-dynamics-msg-size-exceeded";

    private static readonly Guid NoId = Guid.Empty;

    public static ParsedBody Parse(SenderPost post)
    {
        var body = post.Body;
        if (body.ValueKind != JsonValueKind.Object || Text(body, "MessageName") is not { Length: > 0 } message)
        {
            return ParsedBody.Refuse(RefusalKind.WrongShape, "The body is not a Dataverse execution context: there is no 'MessageName'.");
        }

        return ParsedBody.Of([Event(post, message)]);
    }

    private static UpsertEvent Event(SenderPost post, string message)
    {
        var body = post.Body;
        var isCreate = message.Equals("Create", StringComparison.OrdinalIgnoreCase);
        var record = new DataverseRecord(body, isCreate);
        var entityId = EntityId(body, record);
        var head = Head(post, entityId) with { CustomerId = post.CustomerId(record, entityId) };
        var entity = Text(body, "PrimaryEntityName");
        if (post.Sender.Entity is { } wanted && !wanted.Equals(entity, StringComparison.OrdinalIgnoreCase))
        {
            return head with { Ignored = $"the event is about another kind of record than '{wanted}'" };
        }

        if (message.StartsWith("Delete", StringComparison.OrdinalIgnoreCase))
        {
            return head with { Ignored = "deleted in Dataverse: Cube has no delete" };
        }

        if (message.Equals("Merge", StringComparison.OrdinalIgnoreCase))
        {
            return head with { Ignored = "merged in Dataverse: Cube has no merge" };
        }

        if (!isCreate && !message.Equals("Update", StringComparison.OrdinalIgnoreCase))
        {
            return head with { Dead = "the message is neither Create nor Update: register the webhook's step on these two" };
        }

        if (
            post.Headers[SizeExceededHeader].ToString() is { Length: > 0 } exceeded
            && !exceeded.Equals("false", StringComparison.OrdinalIgnoreCase)
        )
        {
            return head with { Dead = "Dataverse left the record out, since the message exceeded 256 KB: let the step send fewer columns" };
        }

        return record.IsReadable
            ? post.Customer(head, record, [], [])
            : head with
            {
                Dead = "the event holds neither the changed columns ('Target') nor an image of the record",
            };
    }

    private static UpsertEvent Head(SenderPost post, JsonElement? entityId)
    {
        var created = Text(post.Body, "OperationCreatedOn");
        var correlation = IdText(post.Body, "CorrelationId");
        var id =
            IdText(post.Body, "OperationId") is { } operation ? EventIds.Of(operation)
            : correlation is not null && entityId is { } entity && created is not null
                ? EventIds.Of(correlation, Scalars.Text(entity), created)
            : EventIds.At(post.PostId, null);
        return post.Body.TryGetProperty("OperationCreatedOn", out var when) && EventTimes.TryReadInstant(when, out var time)
            ? post.Event(id, time)
            : post.ArrivedEvent(id);
    }

    private static JsonElement? EntityId(JsonElement body, DataverseRecord record) =>
        body.TryGetProperty("PrimaryEntityId", out var id) && IsId(id) ? id
        : record.TargetId is { } target && IsId(target) ? target
        : null;

    /// <summary>The platform writes the zero id where it has none, as the operation of a synchronous step.</summary>
    private static bool IsId(JsonElement id) => Scalars.TryReadId(id, out var text) && !(Guid.TryParse(text, out var guid) && guid == NoId);

    private static string? IdText(JsonElement body, string name) =>
        body.TryGetProperty(name, out var id) && IsId(id) ? Scalars.Text(id) : null;

    private static string? Text(JsonElement body, string name) => body.TryGetProperty(name, out var value) ? Scalars.Text(value) : null;
}
