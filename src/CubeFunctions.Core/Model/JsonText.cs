using System.Text;
using System.Text.Json;

namespace CubeFunctions.Core.Model;

/// <summary>Values as text: Cube writes the same field as text here and as a number there.</summary>
internal static class JsonText
{
    /// <summary>
    /// The text under the reader; null where it holds half a surrogate pair (<c>"\ud83d"</c>), which is valid JSON and no text.
    /// </summary>
    public static string? TryGetString(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string? TryGetString(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Whether the member under the reader has that name.</summary>
    public static bool NameEquals(ref Utf8JsonReader reader, ReadOnlySpan<byte> name) =>
        reader.ValueIsEscaped
            ? TryGetString(ref reader) is { } text && Encoding.UTF8.GetBytes(text).AsSpan().SequenceEqual(name)
            : reader.ValueTextEquals(name);

    /// <summary>A text or number as text; null for anything else.</summary>
    public static string? Of(ref Utf8JsonReader value) =>
        value.TokenType switch
        {
            JsonTokenType.String => JsonEscapes.ToText(value.ValueSpan, value.ValueIsEscaped),
            JsonTokenType.Number => Encoding.UTF8.GetString(value.ValueSpan),
            _ => null,
        };

    /// <summary>A member of an object as text; null where it is missing, empty, or neither text nor number.</summary>
    public static string? Of(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out var value)
            ? value.ValueKind switch
            {
                JsonValueKind.String when TryGetString(value) is { Length: > 0 } text => text,
                JsonValueKind.Number => value.GetRawText(),
                _ => null,
            }
            : null;
}
