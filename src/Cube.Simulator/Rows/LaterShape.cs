using System.Text.Json;
using Cube.Simulator.Generation;

namespace Cube.Simulator.Rows;

/// <summary>Between the early names of a customer's fields and the later ones.</summary>
internal static class LaterShape
{
    private static readonly (string Early, string Later)[] Standard =
    [
        ("customer_id", "crm__customer_id"),
        ("name", "crm__standard_info__name"),
        ("phone_1", "crm__standard_info__phone_1"),
        ("phone_2", "crm__standard_info__phone_2"),
        ("phone_3", "crm__standard_info__phone_3"),
        ("email", "crm__standard_info__email"),
    ];

    public static void Write(Utf8JsonWriter json, JsonElement early, Assignment assignment)
    {
        foreach (var (from, to) in Standard)
            WriteOne(json, early, from, to);
        foreach (var field in assignment.CustomFields)
            WriteOne(json, early, field.Label, field.LaterName);
    }

    /// <summary>The early name of a field that may be named either way.</summary>
    public static string ToEarly(string name, Assignment assignment)
    {
        foreach (var (early, later) in Standard)
        {
            if (later == name)
                return early;
        }

        return Array.Find(assignment.CustomFields, field => field.LaterName == name)?.Label ?? name;
    }

    private static void WriteOne(Utf8JsonWriter json, JsonElement early, string from, string to)
    {
        json.WritePropertyName(to);
        if (early.TryGetProperty(from, out var value))
            value.WriteTo(json);
        else
            json.WriteStringValue("");
    }
}
