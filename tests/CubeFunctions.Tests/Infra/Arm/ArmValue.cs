using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CubeFunctions.Tests.Infra.Arm;

/// <summary>Values of templates: null, bool, long, string, lists, and dictionaries.</summary>
internal static class ArmValue
{
    public static object? From(JsonNode? node) =>
        node switch
        {
            null => null,
            JsonObject members => members.ToDictionary(
                member => member.Key,
                member => From(member.Value),
                StringComparer.OrdinalIgnoreCase
            ),
            JsonArray items => items.Select(From).ToList(),
            JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
            JsonValue value when value.GetValueKind() == JsonValueKind.Number => long.Parse(
                value.ToJsonString(),
                CultureInfo.InvariantCulture
            ),
            JsonValue value => value.ToString(),
            _ => throw new FormatException(node.ToJsonString()),
        };

    /// <summary>What lies at <c>a.b.0.c</c>; null where there is nothing.</summary>
    public static object? At(object? value, string path)
    {
        foreach (var part in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            value = value switch
            {
                IDictionary<string, object?> members => members.TryGetValue(part, out var member) ? member : null,
                IList<object?> items when int.TryParse(part, CultureInfo.InvariantCulture, out var index) && index < items.Count => items[
                    index
                ],
                _ => null,
            };
        }

        return value;
    }

    /// <summary>All texts in a value, at any depth, with the names of members.</summary>
    public static IEnumerable<string> Texts(object? value) =>
        value switch
        {
            string text => [text],
            IDictionary<string, object?> members => members.SelectMany(member => Texts(member.Value).Prepend(member.Key)),
            IEnumerable<object?> items => items.SelectMany(Texts),
            _ => [],
        };

    public static string Show(object? value) =>
        value switch
        {
            null => "",
            bool flag => flag ? "True" : "False",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };
}
