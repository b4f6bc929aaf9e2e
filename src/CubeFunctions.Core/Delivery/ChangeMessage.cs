using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Delivery;

/// <summary>What <c>cube-changes</c> carries: this stream has something to deliver.</summary>
/// <param name="V">Version of the message's format.</param>
/// <param name="Stream">Feed and scope.</param>
/// <param name="Traceparent">W3C trace context of the sender, or null.</param>
/// <param name="Due">When it is to be handled.</param>
public sealed record ChangeMessage(int V, string Stream, string? Traceparent = null, DateTimeOffset? Due = null)
    : IQueueMessage<ChangeMessage>
{
    /// <inheritdoc />
    public static string Queue => StorageNames.ChangesQueue;

    /// <inheritdoc />
    public static JsonTypeInfo<ChangeMessage> Json => ChangeMessageJson.Default.ChangeMessage;

    /// <summary>A message that this process sends now.</summary>
    /// <param name="stream">Feed and scope.</param>
    public static ChangeMessage Create(string stream) => new(1, stream);

    /// <inheritdoc />
    public ChangeMessage Sent(string? traceparent, DateTimeOffset due) => this with { Traceparent = traceparent ?? Traceparent, Due = due };

    /// <inheritdoc />
    public bool IsComplete() => V == 1 && Stream is { Length: > 0 };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(ChangeMessage))]
internal sealed partial class ChangeMessageJson : JsonSerializerContext;
