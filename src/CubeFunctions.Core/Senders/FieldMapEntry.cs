using System.Text.Json;

namespace CubeFunctions.Core.Senders;

/// <summary>The members of one field's entry in a field map; what is wrong with them is added to <paramref name="problems"/>.</summary>
internal readonly struct FieldMapEntry(JsonElement value, List<string> problems)
{
    public bool Has(string name) => value.TryGetProperty(name, out _);

    public JsonElement? Find(string name) => value.TryGetProperty(name, out var found) ? found : null;

    public void OneOf(params ReadOnlySpan<string> names)
    {
        var count = 0;
        foreach (var name in names)
        {
            count += Has(name) ? 1 : 0;
        }

        if (count != 1)
        {
            problems.Add("must have exactly one of 'from', 'join' and 'constant'");
        }
    }

    public void Only(params string[] names)
    {
        foreach (var member in value.EnumerateObject())
        {
            if (!names.Contains(member.Name))
            {
                problems.Add($"has '{CubeFields.Shown(member.Name)}', which is not known here");
            }
        }
    }

    public IEnumerable<JsonElement> Array(string name)
    {
        if (Find(name) is { ValueKind: JsonValueKind.Array } array)
        {
            return array.EnumerateArray();
        }

        problems.Add($"must have a list of sources as '{name}'");
        return [];
    }

    public string? Text(string name)
    {
        if (Find(name) is not { } found)
        {
            return null;
        }

        if (found.ValueKind == JsonValueKind.String)
        {
            return found.GetString();
        }

        problems.Add($"must have a text as '{name}'");
        return null;
    }

    public string Scalar(string name)
    {
        if (Find(name) is { } found && Scalars.IsScalar(found))
        {
            return found.GetRawText();
        }

        problems.Add($"must have a text, a number, true, false or null as '{name}'");
        return Scalars.Null;
    }
}
