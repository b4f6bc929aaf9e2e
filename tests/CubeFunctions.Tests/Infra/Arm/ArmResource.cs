namespace CubeFunctions.Tests.Infra.Arm;

/// <summary>One resource, with every expression worked out.</summary>
/// <param name="Module">The module it comes from; empty for the main template.</param>
/// <param name="Type">For example <c>Microsoft.Web/sites</c>.</param>
/// <param name="Name">With the names of its parents: <c>account/default/cube-raw</c>.</param>
/// <param name="Scope">What it extends, for role assignments and diagnostic settings.</param>
/// <param name="Body">All members.</param>
internal sealed record ArmResource(string Module, string Type, string Name, string? Scope, IDictionary<string, object?> Body)
{
    /// <summary>The last part of the name.</summary>
    public string ShortName => Name[(Name.LastIndexOf('/') + 1)..];

    /// <summary>The value at a path below <c>properties</c>.</summary>
    public object? Property(string path) => ArmValue.At(Body, "properties." + path);

    public string? Text(string path) => Property(path) as string;

    public IReadOnlyList<object?> Items(string path) => Property(path) as IReadOnlyList<object?> ?? [];

    public override string ToString() => $"{Type} {Name}";
}
