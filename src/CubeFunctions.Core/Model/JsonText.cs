using System.Text;
using System.Text.Json;

namespace CubeFunctions.Core.Model;

/// <summary>Values as text: Cube writes the same field as text here and as a number there.</summary>
internal static class JsonText
{
    /// <summary>A text or number as text; null for anything else.</summary>
    public static string? Of(ref Utf8JsonReader value) => value.TokenType switch
    {
        JsonTokenType.String => value.GetString(),
        JsonTokenType.Number => Encoding.UTF8.GetString(value.ValueSpan),
        _ => null,
    };

    /// <summary>A member of an object as text; null where it is missing, empty, or neither text nor number.</summary>
    public static string? Of(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out var value)
            ? value.ValueKind switch
            {
                JsonValueKind.String when value.GetString() is { Length: > 0 } text => text,
                JsonValueKind.Number => value.GetRawText(),
                _ => null,
            }
            : null;
}
