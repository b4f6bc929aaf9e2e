using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CubeFunctions.Tests.Infra;

/// <summary>One thing taken away from the compiled template, or turned into its opposite.</summary>
internal sealed record Mutation(string Name, Action<JsonNode> Apply)
{
    private const string Module = "Microsoft.Resources/deployments";

    /// <summary>
    /// Every name in a list of names: of a queue, a table, a container; once where it is made and once where roles are given.
    /// </summary>
    public static IEnumerable<Mutation> WithoutName(JsonNode template, string list) =>
        from module in Templates(template)
        where module.Template["variables"]?[list] is JsonArray
        from index in Enumerable.Range(0, module.Template["variables"]![list]!.AsArray().Count)
        select new Mutation(
            $"{module.Name}: {list} without {module.Template["variables"]![list]![index]}",
            root => Template(root, module.Name)["variables"]![list]!.AsArray().RemoveAt(index)
        );

    /// <summary>Every element of a list in the variables of a module; then every value in each.</summary>
    public static IEnumerable<Mutation> OfVariable(JsonNode template, string moduleName, string variable)
    {
        var value = Template(template, moduleName)["variables"]![variable]!;
        var start = "/" + variable;
        foreach (
            var path in Leaves(value, start)
                .Concat(value is JsonArray list ? Enumerable.Range(0, list.Count).Select(index => $"{start}/{index}") : [])
        )
        {
            yield return new Mutation($"{moduleName}: {path} is gone", root => Remove(Template(root, moduleName)["variables"]!, path));
            yield return new Mutation($"{moduleName}: {path} is another", root => Change(Template(root, moduleName)["variables"]!, path));
        }
    }

    /// <summary>Every resource and every module.</summary>
    public static IEnumerable<Mutation> WithoutResource(JsonNode template) =>
        from module in Templates(template)
        from resource in Resources(module.Template)
        where (bool?)resource.Body["existing"] != true
        select new Mutation(
            $"{module.Name}: no {resource.Body["type"]} ({resource.Key})",
            root => Remove(Template(root, module.Name)["resources"]!, "/" + resource.Key)
        );

    /// <summary>Every value in every resource: taken away, and made another.</summary>
    public static IEnumerable<Mutation> OfResource(JsonNode template, Func<string, bool> wanted) =>
        from module in Templates(template)
        from resource in Resources(module.Template)
        where (bool?)resource.Body["existing"] != true && (string?)resource.Body["type"] is { } type && type != Module && wanted(type)
        from path in Leaves(resource.Body, "")
        where
            !path.StartsWith("/type", StringComparison.Ordinal)
            && !path.StartsWith("/apiVersion", StringComparison.Ordinal)
            && !path.StartsWith("/name", StringComparison.Ordinal)
            && !path.StartsWith("/dependsOn", StringComparison.Ordinal)
            && !path.StartsWith("/copy", StringComparison.Ordinal)
            && !path.Contains("/copy/", StringComparison.Ordinal)
        let name = $"{module.Name}: {resource.Body["type"]} ({resource.Key}) {path}"
        from mutation in (Mutation[])
            [
                new Mutation(name + " is gone", root => Remove(Template(root, module.Name)["resources"]!, $"/{resource.Key}{path}")),
                .. path == "/condition"
                    ? (Mutation[])[]
                    :
                    [
                        new Mutation(
                            name + " is another",
                            root => Change(Template(root, module.Name)["resources"]!, $"/{resource.Key}{path}")
                        ),
                    ],
            ]
        select mutation;

    /// <summary>Every value that the main template hands to a module: made another. (A missing one is refused by Azure.)</summary>
    public static IEnumerable<Mutation> OfModuleParameters(JsonNode template) =>
        from module in Templates(template)
        where module.Name.Length > 0
        from path in Leaves(template["resources"]![module.Name]!["properties"]!["parameters"], "")
        select new Mutation(
            $"{module.Name}: parameters {path} is another",
            root => Change(root["resources"]![module.Name]!["properties"]!["parameters"]!, path)
        );

    /// <summary>Another name in the place of a setting's.</summary>
    public static Mutation WithoutSetting(string setting) =>
        new(
            $"no setting {setting}",
            root =>
            {
                var before = Template(root, "functionApp").Parent!.Parent!.ToJsonString();
                var after = Regex.Replace(before, $"(?<=[\"']|u0027){Regex.Escape(setting)}(?=[\"']|\\\\u0027)", "Renamed");
                root["resources"]!["functionApp"] =
                    before != after ? JsonNode.Parse(after) : throw new InvalidOperationException($"{setting} is not in the template.");
            }
        );

    /// <summary>The templates: the main one under no name, and each module under its own.</summary>
    public static IEnumerable<(string Name, JsonNode Template)> Templates(JsonNode root) =>
        root["resources"]!
            .AsObject()
            .Where(resource => (string?)resource.Value!["type"] == Module)
            .Select(resource => (resource.Key, resource.Value!["properties"]!["template"]!))
            .Prepend(("", root));

    public static JsonNode Template(JsonNode root, string module) =>
        module.Length == 0 ? root : root["resources"]![module]!["properties"]!["template"]!;

    private static IEnumerable<(string Key, JsonNode Body)> Resources(JsonNode template) =>
        template["resources"] switch
        {
            JsonObject symbols => symbols.Select(symbol => (symbol.Key, symbol.Value!)),
            JsonArray list => list.Select((resource, index) => ($"{index}", resource!)),
            _ => [],
        };

    private static IEnumerable<string> Leaves(JsonNode? node, string path) =>
        node switch
        {
            JsonObject members => members.SelectMany(member =>
                Leaves(member.Value, $"{path}/{member.Key.Replace("/", "~1", StringComparison.Ordinal)}")
            ),
            JsonArray items => items.SelectMany((item, index) => Leaves(item, $"{path}/{index}")),
            _ => [path],
        };

    private static (JsonNode Parent, string Last) Find(JsonNode node, string path)
    {
        var parts = path[1..].Split('/').Select(part => part.Replace("~1", "/", StringComparison.Ordinal)).ToList();
        foreach (var part in parts.SkipLast(1))
        {
            node = (node is JsonArray items ? items[int.Parse(part)] : node[part])!;
        }

        return (node, parts[^1]);
    }

    private static void Remove(JsonNode node, string path)
    {
        var (parent, last) = Find(node, path);
        if (parent is JsonArray items)
        {
            items.RemoveAt(int.Parse(last));
        }
        else
        {
            parent.AsObject().Remove(last);
        }
    }

    private static void Change(JsonNode node, string path)
    {
        var (parent, last) = Find(node, path);
        var value = parent is JsonArray items ? items[int.Parse(last)] : parent[last];
        JsonNode? other = value switch
        {
            JsonObject => new JsonObject(),
            JsonValue known when known.TryGetValue<bool>(out var flag) => !flag,
            JsonValue known when known.TryGetValue<long>(out var number) => number + 1000,
            _ => "another",
        };
        if (parent is JsonArray list)
        {
            list[int.Parse(last)] = other;
        }
        else
        {
            parent[last] = other;
        }
    }
}
