using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>What <c>cube-sync</c> carries: which item to look at. It only notifies; the rows are the truth.</summary>
/// <param name="V">Version of the message's format.</param>
/// <param name="Run">The run.</param>
/// <param name="Item">Row key of the item.</param>
/// <param name="Traceparent">W3C trace context of the sender, or null.</param>
/// <param name="Due">When it is to be handled.</param>
public sealed record SyncMessage(int V, string Run, string Item, string? Traceparent = null, DateTimeOffset? Due = null)
    : IQueueMessage<SyncMessage>
{
    /// <inheritdoc />
    public static string Queue => StorageNames.SyncQueue;

    /// <inheritdoc />
    public static JsonTypeInfo<SyncMessage> Json => MessageJson.Default.SyncMessage;

    /// <inheritdoc />
    public SyncMessage Sent(string? traceparent, DateTimeOffset due) => this with { Traceparent = traceparent ?? Traceparent, Due = due };

    /// <inheritdoc />
    public bool IsComplete() => this is { V: 1, Run.Length: > 0, Item.Length: > 0 };

    internal static SyncMessage For(ItemRow item) => new(1, item.PartitionKey, item.RowKey);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(SyncMessage))]
internal sealed partial class MessageJson : JsonSerializerContext;
