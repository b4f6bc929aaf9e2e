using System.Diagnostics;
using System.Text.Json;

namespace CubeFunctions.Core.Upserts;

/// <summary>What <c>cube-upserts</c> carries: this customer has mail.</summary>
/// <param name="V">Version of the message's format.</param>
/// <param name="Customer">Salted hash of assignment and customer.</param>
/// <param name="Traceparent">W3C trace context of whoever sent it, or null.</param>
/// <param name="Event">Row key of the one event that it was sent for, so that a message that comes after its event was delivered with others is told by one read; or null.</param>
public sealed record UpsertMessage(int V, string Customer, string? Traceparent, string? Event = null)
{
    internal static string For(string customer, string? eventKey) =>
        JsonSerializer.Serialize(new UpsertMessage(1, customer, Activity.Current?.Id, eventKey), UpsertJson.Default.UpsertMessage);

    /// <summary>Reads a message.</summary>
    /// <exception cref="FormatException">It is no message of ours.</exception>
    internal static UpsertMessage Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, UpsertJson.Default.UpsertMessage) is { V: 1, Customer.Length: 32 } message
                ? message
                : throw new FormatException("A message of cube-upserts names no customer.");
        }
        catch (JsonException exception)
        {
            throw new FormatException("A message of cube-upserts is no JSON.", exception);
        }
    }
}
