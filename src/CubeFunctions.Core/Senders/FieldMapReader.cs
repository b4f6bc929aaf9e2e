using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CubeFunctions.Core.Senders;

/// <summary>Reads a field map, and collects every fault of it.</summary>
internal static class FieldMapReader
{
    private static readonly HeaderDictionary AsJson = new() { [HeaderNames.ContentType] = "application/json" };

    /// <summary>The map; null where there is at least one fault.</summary>
    public static FieldMap? Read(ReadOnlyMemory<byte> json, bool toCube, out IReadOnlyList<string> faults)
    {
        var found = new List<string>();
        faults = found;
        var (document, refusal) = JsonBody.Read(AsJson, json);
        if (document is null)
        {
            found.Add($"is not valid: {refusal!.Detail}");
            return null;
        }

        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                found.Add("is not valid: a JSON object of fields is expected");
                return null;
            }

            var rules = new List<FieldRule>();
            foreach (var member in document.RootElement.EnumerateObject())
            {
                if (
                    (
                        toCube ? Target(member.Name)
                        : string.IsNullOrWhiteSpace(member.Name) ? "has no name"
                        : null
                    ) is
                    { } problem
                )
                {
                    found.Add($"field '{CubeFields.Shown(member.Name)}' {problem}");
                }
                else if (Rule(member.Name, member.Value, toCube, found) is { } rule)
                {
                    rules.Add(rule);
                }
            }

            if (rules.Count == 0 && found.Count == 0)
            {
                found.Add("is empty: leave it out to pass all fields through");
            }

            return found.Count == 0 ? new FieldMap(rules) : null;
        }
    }

    private static string? Target(string name) =>
        name.Length == 0 || string.IsNullOrWhiteSpace(name) ? "has no name"
        : CubeFields.IsIdentity(name) ? "names the customer: map 'customer_id' instead"
        : name == CubeFields.AssignmentId ? "is set by the sender's AssignmentId"
        : string.IsNullOrWhiteSpace(
            name.StartsWith(CubeFields.CustomPrefix, StringComparison.Ordinal) ? name[CubeFields.CustomPrefix.Length..] : name
        )
            ? "lacks the label after 'custom:'"
        : null;

    private static FieldRule? Rule(string target, JsonElement value, bool toCube, List<string> faults)
    {
        var problems = new List<string>();
        var rule = value.ValueKind switch
        {
            JsonValueKind.String => new FieldRule { Target = target, Sources = [.. Sources([value], problems)] },
            JsonValueKind.Object => Rule(target, new FieldMapEntry(value, problems), problems),
            _ => null,
        };
        if (rule is null && problems.Count == 0)
        {
            problems.Add("must be the name of a source, or an object with 'from', 'join' or 'constant'");
        }

        if (
            rule is not null
            && toCube
            && target == CubeFields.CustomerId
            && (rule.Sources.Count != 1 || rule.DateFormat is not null || rule.Values is not null)
        )
        {
            problems.Add("takes one source as it is: a constant, join, date or table would mix customers up");
        }

        faults.AddRange(problems.Select(problem => $"field '{CubeFields.Shown(target)}' {problem}"));
        return problems.Count == 0 ? rule : null;
    }

    private static FieldRule? Rule(string target, FieldMapEntry entry, List<string> problems)
    {
        entry.OneOf("from", "join", "constant");
        if (entry.Has("join"))
        {
            entry.Only("join", "separator");
            var sources = Sources(entry.Array("join"), problems);
            if (sources.Count < 2)
            {
                problems.Add("must join two sources at least");
            }

            return new FieldRule
            {
                Target = target,
                Sources = sources,
                Separator = entry.Text("separator") ?? " ",
            };
        }

        if (entry.Has("constant"))
        {
            entry.Only("constant");
            return new FieldRule { Target = target, Constant = entry.Scalar("constant") };
        }

        entry.Only("from", "date", "parse", "zone", "values");
        if (entry.Has("date") && entry.Has("values"))
        {
            problems.Add("has both 'date' and 'values'");
        }

        if (!entry.Has("date") && (entry.Has("parse") || entry.Has("zone")))
        {
            problems.Add("has 'parse' or 'zone' without 'date'");
        }

        return new FieldRule
        {
            Target = target,
            Sources = entry.Find("from") is { } from ? Sources([from], problems) : [],
            DateFormat = Format(entry, "date", problems),
            ParseFormat = Format(entry, "parse", problems),
            Zone = Zone(entry, problems),
            Values = entry.Find("values") is { } table ? Table(table, problems) : null,
        };
    }

    private static List<SourcePath> Sources(IEnumerable<JsonElement> names, List<string> problems)
    {
        var sources = new List<SourcePath>();
        foreach (var name in names)
        {
            if (name.ValueKind == JsonValueKind.String && name.GetString() is { Length: > 0 } text && SourcePath.Parse(text) is { } source)
            {
                sources.Add(source);
            }
            else
            {
                problems.Add("has a source that is neither a name nor a JSON Pointer");
            }
        }

        return sources;
    }

    private static string? Format(FieldMapEntry entry, string name, List<string> problems)
    {
        if (entry.Text(name) is not { } format)
        {
            return null;
        }

        try
        {
            _ = DateTimeOffset.UnixEpoch.ToString(format, CultureInfo.InvariantCulture);
            return format;
        }
        catch (FormatException)
        {
            problems.Add($"has a '{name}' that is not a date format, such as yyyy-MM-dd");
            return null;
        }
    }

    private static TimeZoneInfo? Zone(FieldMapEntry entry, List<string> problems)
    {
        if (entry.Text("zone") is not { } name)
        {
            return null;
        }

        if (!TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone))
        {
            problems.Add("has a 'zone' that is not a known time zone, such as Europe/Oslo");
        }

        return zone;
    }

    private static Dictionary<string, string>? Table(JsonElement table, List<string> problems)
    {
        if (
            table.ValueKind != JsonValueKind.Object
            || !table.EnumerateObject().Any()
            || table.EnumerateObject().Any(row => !Scalars.IsScalar(row.Value))
        )
        {
            problems.Add("has 'values' that are not a table of the sender's values and Cube's");
            return null;
        }

        return table.EnumerateObject().ToDictionary(row => row.Name, row => row.Value.GetRawText(), StringComparer.Ordinal);
    }
}
