namespace CubeFunctions.Tests.Infra.Arm;

/// <summary>Works out one template: the main one, or a module with the parameters it was given.</summary>
internal sealed class ArmScope
{
    private readonly string _module;
    private readonly IDictionary<string, object?> _template;
    private readonly Dictionary<string, object?> _parameters;
    private readonly Dictionary<string, object?> _variables = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, ArmScope?> _modules = new(StringComparer.Ordinal);
    private readonly Stack<(string? Name, long Index)> _copies = new();
    private readonly Dictionary<string, object?> _lambda = new(StringComparer.Ordinal);
    private readonly ArmDeployment _deployment;
    private IDictionary<string, object?>? _outputs;

    public ArmScope(ArmDeployment deployment, string module, IDictionary<string, object?> template, IDictionary<string, object?> given)
    {
        (_deployment, _module, _template) = (deployment, module, template);
        _parameters = new Dictionary<string, object?>(given, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, declared) in Members(template, "parameters"))
        {
            _parameters.TryAdd(name, Evaluate(ArmValue.At(declared, "defaultValue")));
            deployment.Note(module, name, (string)ArmValue.At(declared, "type")!, _parameters[name]);
        }
    }

    public IDictionary<string, object?> Outputs =>
        _outputs ??= Members(_template, "outputs")
            .ToDictionary(
                output => output.Key,
                output =>
                    (object?)
                        new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase)
                        {
                            ["value"] = Evaluate(ArmValue.At(output.Value, "value")),
                        },
                StringComparer.OrdinalIgnoreCase
            );

    /// <summary>Everything that this template and its modules deploy.</summary>
    public void Deploy()
    {
        foreach (var (symbol, resource) in Resources())
        {
            if (ArmValue.At(resource, "existing") is true)
            {
                continue;
            }

            if (Type(resource) == "Microsoft.Resources/deployments")
            {
                Module(symbol)?.Deploy();
                continue;
            }

            ForEachCopy(
                ArmValue.At(resource, "copy"),
                () =>
                {
                    if (Evaluate(ArmValue.At(resource, "condition") ?? true) is true)
                    {
                        var body = (IDictionary<string, object?>)Evaluate(Without(resource, "copy", "condition", "dependsOn"))!;
                        _deployment.Add(
                            new ArmResource(
                                _module,
                                Type(resource),
                                ArmValue.Show(body["name"]),
                                ArmValue.At(body, "scope") as string,
                                body
                            )
                        );
                    }
                }
            );
        }

        _deployment.AddOutputs(Outputs);
    }

    private IEnumerable<KeyValuePair<string, object?>> Resources() =>
        ArmValue.At(_template, "resources") switch
        {
            IDictionary<string, object?> symbols => symbols,
            IList<object?> list => list.Select((resource, index) => KeyValuePair.Create($"#{index}", resource)),
            _ => [],
        };

    private ArmScope? Module(string symbol)
    {
        if (_modules.TryGetValue(symbol, out var known))
        {
            return known;
        }

        var resource = Resources().Single(candidate => candidate.Key == symbol).Value;
        var deployed = Evaluate(ArmValue.At(resource, "condition") ?? true) is true;
        var given = Members(ArmValue.At(resource, "properties"), "parameters")
            .ToDictionary(parameter => parameter.Key, parameter => deployed ? Evaluate(ArmValue.At(parameter.Value, "value")) : null);
        var scope = deployed
            ? new ArmScope(_deployment, symbol, (IDictionary<string, object?>)ArmValue.At(resource, "properties.template")!, given)
            : null;
        _modules[symbol] = scope;
        return scope;
    }

    private object? Evaluate(object? value)
    {
        switch (value)
        {
            case string text when text.StartsWith("[[", StringComparison.Ordinal):
                return text[1..];
            case string text when text.StartsWith('[') && text.EndsWith(']'):
                return Evaluate(ArmExpression.Parse(text[1..^1]));
            case IDictionary<string, object?> members:
                var evaluated = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
                foreach (var (name, member) in members)
                {
                    if (name == "copy" && member is IList<object?> copies)
                    {
                        foreach (var copy in copies)
                        {
                            evaluated[(string)ArmValue.At(copy, "name")!] = Copied(copy);
                        }
                    }
                    else
                    {
                        evaluated[(string)Evaluate(name)!] = Evaluate(member);
                    }
                }

                return evaluated;
            case IList<object?> items:
                return items.Select(Evaluate).ToList();
            default:
                return value;
        }
    }

    private object? Evaluate(ArmExpression expression) =>
        expression switch
        {
            ArmExpression.Text text => text.Value,
            ArmExpression.Number number => number.Value,
            ArmExpression.Member member => MemberOf(Evaluate(member.Of), Evaluate(member.Name)),
            ArmExpression.Call { Function: "if" } choice => Evaluate(choice.Arguments[Evaluate(choice.Arguments[0]) is true ? 1 : 2]),
            ArmExpression.Call { Function: "coalesce" } choices => choices
                .Arguments.Select(Evaluate)
                .FirstOrDefault(value => value is not null),
            ArmExpression.Call { Function: "map" } map => Mapped(
                Evaluate(map.Arguments[0]) as IEnumerable<object?> ?? [],
                (ArmExpression.Call)map.Arguments[1]
            ),
            ArmExpression.Call call => Call(call.Function, [.. call.Arguments.Select(Evaluate)]),
            _ => throw new NotSupportedException(expression.ToString()),
        };

    private object? Call(string function, IReadOnlyList<object?> arguments) =>
        function switch
        {
            "parameters" => _parameters.TryGetValue((string)arguments[0]!, out var value)
                ? value
                : throw new FormatException($"{_module}: no parameter '{arguments[0]}'."),
            "variables" => Variable((string)arguments[0]!),
            "lambdaVariables" => _lambda[(string)arguments[0]!],
            "copyIndex" => (arguments.Count == 0 ? _copies.Last() : _copies.First(copy => copy.Name == (string?)arguments[0])).Index,
            "reference" => Reference((string)arguments[0]!),
            _ => ArmFunctions.Call(function, arguments),
        };

    private List<object?> Mapped(IEnumerable<object?> items, ArmExpression.Call lambda) =>
        [
            .. items.Select(item =>
            {
                _lambda[(string)Evaluate(lambda.Arguments[0])!] = item;
                return Evaluate(lambda.Arguments[1]);
            }),
        ];

    private object? Variable(string name)
    {
        if (!_variables.TryGetValue(name, out var value))
        {
            var variables =
                ArmValue.At(_template, "variables") as IDictionary<string, object?>
                ?? throw new FormatException($"{_module}: no variables.");
            var copy = (ArmValue.At(variables, "copy") as IList<object?>)?.FirstOrDefault(copy =>
                (string?)ArmValue.At(copy, "name") == name
            );
            value =
                copy is not null ? Copied(copy)
                : variables.TryGetValue(name, out var plain) ? Evaluate(plain)
                : null;
            _variables[name] = value;
        }

        return value;
    }

    private List<object?> Copied(object? copy)
    {
        var values = new List<object?>();
        ForEachCopy(copy, () => values.Add(Evaluate(ArmValue.At(copy, "input"))));
        return values;
    }

    private void ForEachCopy(object? copy, Action body)
    {
        var count = copy is null ? 1 : (long)Evaluate(ArmValue.At(copy, "count"))!;
        for (long index = 0; index < count; index++)
        {
            if (copy is not null)
            {
                _copies.Push(((string?)ArmValue.At(copy, "name"), index));
            }

            body();
            if (copy is not null)
            {
                _copies.Pop();
            }
        }
    }

    /// <summary>A module's outputs, or a stand-in for what only Azure knows, which tells what it stands for.</summary>
    private object? Reference(string what)
    {
        if (what.StartsWith('/'))
        {
            var parts = what.Split('/');
            return new ArmUnknown(parts[^2], parts[^1]);
        }

        var resource = Resources().SingleOrDefault(candidate => candidate.Key == what).Value;
        if (resource is null)
        {
            return new ArmUnknown(ArmUnknown.Missing, what);
        }

        if (Type(resource) != "Microsoft.Resources/deployments")
        {
            return new ArmUnknown(Type(resource), (string)Evaluate(ArmValue.At(resource, "name"))!);
        }

        return Module(what) is { } module
            ? new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase) { ["outputs"] = module.Outputs }
            : null;
    }

    private static object? MemberOf(object? value, object? name) =>
        (value, name) switch
        {
            (ArmUnknown unknown, string member) => unknown.Member(member),
            (IDictionary<string, object?> members, string member) => members.TryGetValue(member, out var found) ? found : null,
            (IList<object?> items, long index) => index < items.Count ? items[(int)index] : null,
            _ => null,
        };

    private static string Type(object? resource) => (string)ArmValue.At(resource, "type")!;

    private static IDictionary<string, object?> Members(object? value, string path) =>
        ArmValue.At(value, path) as IDictionary<string, object?> ?? new Dictionary<string, object?>();

    private static Dictionary<string, object?> Without(object? value, params string[] names) =>
        ((IDictionary<string, object?>)value!)
            .Where(member => !names.Contains(member.Key))
            .ToDictionary(member => member.Key, member => member.Value, StringComparer.OrdinalIgnoreCase);
}
