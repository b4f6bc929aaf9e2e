using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CubeFunctions.Core.Sync;

/// <summary>What <c>cube-sync</c> carries: which item to look at. It only wakes; the rows are the truth.</summary>
/// <param name="V">Version of the message's format.</param>
/// <param name="Run">The run.</param>
/// <param name="Item">Row key of the item.</param>
/// <param name="Traceparent">W3C trace context of whoever sent it, or null.</param>
public sealed record SyncMessage(int V, string Run, string Item, string? Traceparent)
{
    internal static SyncMessage For(ItemRow item) => new(1, item.PartitionKey, item.RowKey, Activity.Current?.Id);

    internal string ToJson() => JsonSerializer.Serialize(this, MessageJson.Default.SyncMessage);

    /// <summary>Reads a message.</summary>
    /// <exception cref="FormatException">It is no message of ours.</exception>
    internal static SyncMessage Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, MessageJson.Default.SyncMessage) is { V: 1, Run.Length: > 0, Item.Length: > 0 } message
                ? message
                : throw new FormatException("A message of cube-sync names no run and item.");
        }
        catch (JsonException exception)
        {
            throw new FormatException("A message of cube-sync is no JSON.", exception);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SyncMessage))]
internal sealed partial class MessageJson : JsonSerializerContext;
