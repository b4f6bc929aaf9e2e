using System.Globalization;
using System.Text.Json;

namespace Cube.Simulator.Rows;

/// <summary>How a tenant writes empty values and ids, in whatever record.</summary>
internal sealed class ValueRules
{
    private Variant? empty;
    private Variant? ids;

    /// <summary>Null when the tenant has no rules of its own.</summary>
    public static ValueRules? Create(TenantShape shape)
    {
        var rules = new ValueRules
        {
            empty = First(shape, Variant.EmptyNull, Variant.EmptyText, Variant.EmptyMissing),
            ids = First(shape, Variant.IdsText, Variant.IdsNumber),
        };
        return rules is { empty: null, ids: null } ? null : rules;
    }

    public void Write(Utf8JsonWriter json, Action<Utf8JsonWriter> write)
    {
        using var record = Json.ToDocument(write);
        foreach (var member in record.RootElement.EnumerateObject())
            WriteMember(json, member.Name, member.Value);
    }

    private void WriteMember(Utf8JsonWriter json, string name, JsonElement value)
    {
        if (
            empty is not null
            && (value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.String && value.ValueEquals(""u8)))
        )
        {
            if (empty == Variant.EmptyNull)
                json.WriteNull(name);
            else if (empty == Variant.EmptyText)
                json.WriteString(name, "");
            return;
        }

        if (ids is not null && (name == "id" || name.EndsWith("_id", StringComparison.Ordinal)))
            WriteId(json, name, value, asNumber: ids == Variant.IdsNumber);
        else
            Copy(json, name, value);
    }

    /// <summary>Writes an id as a number where the text is the number's own, or as text.</summary>
    public static void WriteId(Utf8JsonWriter json, string name, JsonElement value, bool asNumber)
    {
        if (
            asNumber
            && value.ValueKind == JsonValueKind.String
            && long.TryParse(value.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number.ToString(CultureInfo.InvariantCulture) == value.GetString()
        )
            json.WriteNumber(name, number);
        else if (!asNumber && value.ValueKind == JsonValueKind.Number)
            json.WriteString(name, value.GetRawText());
        else
            Copy(json, name, value);
    }

    private static void Copy(Utf8JsonWriter json, string name, JsonElement value)
    {
        json.WritePropertyName(name);
        value.WriteTo(json);
    }

    private static Variant? First(TenantShape shape, params ReadOnlySpan<Variant> candidates)
    {
        foreach (var candidate in candidates)
        {
            if (shape.Has(candidate))
                return candidate;
        }

        return null;
    }
}
