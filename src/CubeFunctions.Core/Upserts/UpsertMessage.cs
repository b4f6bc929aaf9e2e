using System.Text.Json.Serialization.Metadata;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>What <c>cube-upserts</c> carries: a customer has pending events, or a post has to be split into its events.</summary>
/// <param name="V">Version of the message's format.</param>
/// <param name="Customer">Salted hash of assignment and customer; empty where the message is for a post.</param>
/// <param name="Traceparent">W3C trace context of the sender, or null.</param>
/// <param name="Attempt">How often in a row storage failed its handling.</param>
/// <param name="Post">Row key of the post to split, or null.</param>
/// <param name="Due">When it is to be handled.</param>
public sealed record UpsertMessage(
    int V,
    string Customer,
    string? Traceparent = null,
    int Attempt = 0,
    string? Post = null,
    DateTimeOffset? Due = null
) : IQueueMessage<UpsertMessage>
{
    /// <inheritdoc />
    public static string Queue => StorageNames.UpsertsQueue;

    /// <inheritdoc />
    public static JsonTypeInfo<UpsertMessage> Json => UpsertJson.Default.UpsertMessage;

    /// <inheritdoc />
    public UpsertMessage Sent(string? traceparent, DateTimeOffset due) => this with { Traceparent = traceparent ?? Traceparent, Due = due };

    /// <inheritdoc />
    public bool IsComplete() => V == 1 && (Post is not null || Customer is { Length: 32 });

    internal static UpsertMessage ForCustomer(string customer) => new(1, customer);

    internal static UpsertMessage ForPost(string post) => new(1, "", Post: post);
}
