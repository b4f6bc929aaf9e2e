using YamlDotNet.Serialization;

namespace CubeFunctions.Tests.Infra.Workflows;

/// <summary>The workflows, parsed: dictionaries, lists and texts.</summary>
internal static class WorkflowFiles
{
    public static string Folder { get; } = Path.Combine(BicepCli.RepositoryRoot, ".github", "workflows");

    public static IReadOnlyList<string> Names { get; } =
    [.. Directory.EnumerateFiles(Folder, "*.yml").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    public static string Text(string name) => File.ReadAllText(Path.Combine(Folder, name)).ReplaceLineEndings("\n");

    /// <summary>Every workflow, by the name of its file.</summary>
    public static Dictionary<string, object?> Read() => Names.ToDictionary(name => name, name => Parse(Text(name)), StringComparer.Ordinal);

    public static object? Parse(string yaml) => Plain(new DeserializerBuilder().Build().Deserialize<object?>(yaml));

    private static object? Plain(object? value) =>
        value switch
        {
            IDictionary<object, object> members => members.ToDictionary(
                member => (string)member.Key,
                member => Plain(member.Value),
                StringComparer.Ordinal
            ),
            IList<object> items => items.Select(Plain).ToList(),
            _ => value,
        };
}
