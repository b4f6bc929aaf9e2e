using System.Text.Json.Nodes;

namespace CubeFunctions.Tests.Infra.Arm;

/// <summary>What a template deploys when it is given these parameters.</summary>
internal sealed class ArmDeployment
{
    private readonly List<ArmResource> _resources = [];
    private readonly List<KeyValuePair<string, object?>> _outputs = [];
    private readonly List<ArmParameter> _parameters = [];

    private ArmDeployment() { }

    public IReadOnlyList<ArmResource> Resources => _resources;

    /// <summary>Outputs of the main template and of every module.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Outputs => _outputs;

    /// <summary>Parameters of the main template and of every module.</summary>
    public IReadOnlyList<ArmParameter> Parameters => _parameters;

    /// <summary>Works everything out.</summary>
    /// <param name="template">The compiled template.</param>
    /// <param name="parameters">The members of <c>parameters</c> in a built parameter file.</param>
    public static ArmDeployment Of(JsonNode template, JsonObject parameters)
    {
        var given = parameters.ToDictionary(
            parameter => parameter.Key,
            parameter => ArmValue.From(parameter.Value!["value"]),
            StringComparer.OrdinalIgnoreCase
        );
        var deployment = new ArmDeployment();
        new ArmScope(deployment, "", (IDictionary<string, object?>)ArmValue.From(template)!, given).Deploy();
        return deployment;
    }

    /// <summary>The value of a parameter of the main template.</summary>
    public object? Given(string name) => _parameters.Single(parameter => parameter.Module.Length == 0 && parameter.Name == name).Value;

    public IReadOnlyList<ArmResource> All(string type) => [.. _resources.Where(resource => resource.Type == type)];

    public ArmResource? One(string type, string? shortName = null) =>
        _resources.FirstOrDefault(resource => resource.Type == type && (shortName is null || resource.ShortName == shortName));

    internal void Add(ArmResource resource) => _resources.Add(resource);

    internal void AddOutputs(IEnumerable<KeyValuePair<string, object?>> outputs) => _outputs.AddRange(outputs);

    internal void Note(string module, string name, string type, object? value) =>
        _parameters.Add(new ArmParameter(module, name, type, value));
}
