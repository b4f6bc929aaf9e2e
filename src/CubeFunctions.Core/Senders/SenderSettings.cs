namespace CubeFunctions.Core.Senders;

/// <summary>One sender of customers, as its settings <c>Upserts__Senders__{name}__...</c> describe it.</summary>
public sealed record SenderSettings
{
    /// <summary>Where a secret stands unless a setting names another header.</summary>
    internal const string DefaultHeader = "x-webhook-secret";

    /// <summary>The query parameter of a Dataverse endpoint with a <c>WebhookKey</c>.</summary>
    internal const string DefaultQuery = "code";

    /// <summary>The sender's name in the route, in lower case: <c>POST /api/webhooks/{name}</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How it signs, and what it sends.</summary>
    public required SenderKind Kind { get; init; }

    /// <summary>The valid secrets: the current one, then the previous one while it is being replaced. Never empty.</summary>
    public required IReadOnlyList<SenderSecret> Secrets { get; init; }

    /// <summary>The assignment its customers belong to.</summary>
    public required string AssignmentId { get; init; }

    /// <summary>What becomes of its fields. Default: <see cref="FieldMap.PassAll"/>.</summary>
    public FieldMap FieldMap { get; init; } = FieldMap.PassAll;

    /// <summary>
    /// The address that HubSpot calls, before any proxy. Without a path it is the origin, and the request's path and query are added;
    /// with a path it is the whole address, and only the request's query is added.
    /// </summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>The header with the shared secret (<c>dataverse</c>, <c>json</c>) or with the signature (<c>json</c>).</summary>
    public string? Header { get; init; }

    /// <summary>
    /// The query parameter with the shared secret (<c>dataverse</c>; default <c>code</c> where no header is named; then the header
    /// <c>x-webhook-secret</c> is taken as well).
    /// </summary>
    public string? Query { get; init; }

    /// <summary>How a <c>json</c> sender writes its HMAC-SHA256; null: it sends the secret itself.</summary>
    public SignatureEncoding? Encoding { get; init; }

    /// <summary>What stands in front of the signature of a <c>json</c> sender, such as <c>sha256=</c>. Default: nothing.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>
    /// Where the customers stand in the body of a <c>json</c> or <c>standard-webhooks</c> sender. Default: the body is the customer or
    /// the array.
    /// </summary>
    public JsonPointer Items { get; init; } = JsonPointer.Root;

    /// <summary>
    /// Where a <c>json</c> sender gives the event's id: in the customer, else in the body. Null: every post is an event of its own.
    /// </summary>
    public JsonPointer? EventId { get; init; }

    /// <summary>
    /// Where a <c>json</c> or <c>standard-webhooks</c> sender gives the event's time: in the customer, else in the body. Null: the
    /// first arrival.
    /// </summary>
    public JsonPointer? EventTime { get; init; }

    /// <summary>
    /// The kind of record that is a customer: default <c>contact</c> for <c>hubspot</c>, whose apps send all subscriptions to one
    /// address; null, any, for <c>dataverse</c>, where the registered step says it.
    /// </summary>
    public string? Entity { get; init; }

    /// <summary>
    /// Whether a contact that was deleted for privacy in HubSpot is erased here. Default: a person sees it, and decides.
    /// </summary>
    public bool ErasesOnPrivacyDeletion { get; init; }
}
