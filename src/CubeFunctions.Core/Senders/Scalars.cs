using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CubeFunctions.Core.Senders;

/// <summary>JSON values without structure: the only ones that Cube's fields take.</summary>
internal static class Scalars
{
    public const string Null = "null";

    public static bool IsScalar(JsonElement value) =>
        value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Undefined);

    /// <summary>Why a value cannot be sent to Cube, in words that follow its name; null where it can. The one place of this rule.</summary>
    public static string? Fault(JsonElement value, int maxCharacters = UpsertLimits.ValueCharacters) =>
        value.ValueKind switch
        {
            JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Undefined => "is an object or an array, not a single value",
            JsonValueKind.Number when !value.TryGetDouble(out var number) || !double.IsFinite(number) => "is a number that is out of range",
            JsonValueKind.String or JsonValueKind.Number when value.GetRawText().Length > maxCharacters =>
                $"is longer than {maxCharacters} characters",
            JsonValueKind.String => value.GetString()! switch
            {
                var text when text.Contains('\0') => "holds a NUL character",
                var text when text.Contains(JsonBody.HalfSurrogate) => "holds half a surrogate pair",
                _ => null,
            },
            _ => null,
        };

    /// <summary>
    /// The text of a text, the digits of a number, <c>true</c> and <c>false</c>; null for null and for what has structure.
    /// </summary>
    public static string? Text(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
            _ => null,
        };

    /// <summary>A text as JSON; letters are not escaped, so that rows and requests stay readable and small.</summary>
    public static string Quote(string text) => $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text)}\"";

    /// <summary>An imported id: text, or the digits of a whole number. Null and "" are no id.</summary>
    public static bool TryReadId(JsonElement value, [NotNullWhen(true)] out string? id)
    {
        id =
            value.ValueKind == JsonValueKind.Number
            && value.GetRawText() is var digits
            && digits.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0
                ? digits
            : value.ValueKind == JsonValueKind.String ? value.GetString()
            : null;
        return !string.IsNullOrWhiteSpace(id)
            && id.Length <= UpsertLimits.CustomerIdLength
            && !id.Any(c => char.IsControl(c) || c == JsonBody.HalfSurrogate);
    }
}
