using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CubeFunctions.Core.Delivery;

/// <summary>What <c>cube-changes</c> carries: this stream has something to deliver.</summary>
/// <param name="V">Version of the message's format.</param>
/// <param name="Stream">Feed and scope.</param>
/// <param name="Traceparent">W3C trace context of whoever sent it, or null.</param>
public sealed record ChangeMessage(int V, string Stream, string? Traceparent)
{
    internal static string For(string stream) => JsonSerializer.Serialize(new ChangeMessage(1, stream, Activity.Current?.Id), ChangeMessageJson.Default.ChangeMessage);

    /// <summary>Reads a message.</summary>
    /// <exception cref="FormatException">It is no message of ours.</exception>
    internal static ChangeMessage Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ChangeMessageJson.Default.ChangeMessage) is { V: 1, Stream.Length: > 0 } message
                ? message
                : throw new FormatException("A message of cube-changes names no stream.");
        }
        catch (JsonException exception)
        {
            throw new FormatException("A message of cube-changes is no JSON.", exception);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ChangeMessage))]
internal sealed partial class ChangeMessageJson : JsonSerializerContext;
