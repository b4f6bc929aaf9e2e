using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CubeFunctions.Tests.Infra.Arm;
using Xunit;

namespace CubeFunctions.Tests.Infra;

/// <summary>What a person has set reaches the deployment, and nothing is made up for what was not set.</summary>
[Collection(InfraGroup.Name)]
public sealed partial class ParameterFileTests(InfraFixture infra)
{
    private static readonly string[] Required = ["AZURE_ENV_NAME", "AZURE_LOCATION", "CUBE_BASE_URL"];

    public static TheoryData<string> Environments => ["dev", "prod"];

    public static TheoryData<string, string, string?> Refused =>
        [
            ("dev", "AZURE_ENV_NAME", null),
            ("dev", "AZURE_LOCATION", ""),
            ("dev", "CUBE_BASE_URL", null),
            ("dev", "CUBE_BASE_URL", ""),
            ("prod", "AZURE_ENV_NAME", ""),
            ("prod", "AZURE_LOCATION", null),
            ("prod", "CUBE_BASE_URL", null),
            ("prod", "CUBE_BASE_URL", "http://tenant.headshed.com"),
            ("prod", "CUBE_ALERT_EMAILS", null),
            ("prod", "CUBE_ALERT_EMAILS", "[]"),
        ];

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_least_that_can_be_set_compiles_and_takes_nothing_away(string environment)
    {
        var parameters = await CompileAsync(Source(environment), Variable.Minimal);

        Assert.Equal("small-token", (string?)parameters["cubeToken"]);
        Assert.Equal("https://small.headshed.com", (string?)parameters["cubeBaseUrl"]);
        var deployment = ArmDeployment.Of(JsonNode.Parse(infra.Template)!, Wrapped(parameters));
        Assert.Equal(["cube-token"], deployment.All("Microsoft.KeyVault/vaults/secrets").Select(secret => secret.ShortName));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Every_variable_reaches_its_own_parameter(string environment) =>
        Assert.Empty(Missed(await CompileAsync(Source(environment), Variable.Full), Variable.Full));

    [Theory]
    [MemberData(nameof(Environments))]
    public void The_file_reads_the_variables_of_the_table_and_no_others(string environment) =>
        Assert.Equal(
            Variable.All.Select(variable => variable.Name).Order(StringComparer.Ordinal),
            Read().Matches(Source(environment)).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal)
        );

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Without_it_the_build_fails_and_names_it(string environment, string variable, string? value)
    {
        var variables = Variable.Full.Where(pair => pair.Key != variable).ToDictionary(StringComparer.Ordinal);
        if (value is not null)
        {
            variables[variable] = value;
        }

        var (exitCode, said) = await BuildAsync(Untyped(Source(environment)), variables);

        Assert.Equal(1, exitCode);
        Assert.Contains($"{variable} is not set", said, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task A_misspelt_variable_is_noticed(string environment) =>
        await EachIsNoticedAsync(
            environment,
            Read()
                .Replace(
                    Source(environment),
                    match => CanBeLost(environment, match.Groups[1].Value) ? match.Value[..^1] + "_X'" : match.Value
                )
        );

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task A_lost_line_is_noticed(string environment) =>
        await EachIsNoticedAsync(
            environment,
            Variable
                .All.Where(variable => CanBeLost(environment, variable.Name))
                .Aggregate(
                    Source(environment),
                    (source, variable) => Regex.Replace(source, $@"^param {variable.Parameter} = .*\n(  .*\n)*", "", RegexOptions.Multiline)
                )
        );

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task A_parameter_that_reads_the_variable_of_another_is_noticed(string environment)
    {
        // Each reads the next one's; JSON among JSON, so that the file still compiles.
        var names = Variable.All.Select(variable => variable.Name).Where(name => CanBeLost(environment, name)).ToList();
        var next = names
            .GroupBy(name => Variable.Full[name][0] is '[' or '{')
            .SelectMany(group => group.Zip(group.Skip(1).Append(group.First())))
            .ToDictionary(StringComparer.Ordinal);
        await EachIsNoticedAsync(
            environment,
            Read()
                .Replace(
                    Source(environment),
                    match => $"readEnvironmentVariable('{next.GetValueOrDefault(match.Groups[1].Value, match.Groups[1].Value)}'"
                )
        );
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Two_deployments_with_the_same_variables_are_the_same(string environment)
    {
        var template = infra.Template;
        var again = InfraFixture.CopyInfra();
        try
        {
            Assert.Equal(0, (await BicepCli.RunAsync(again, "build", "main.bicep", "--outfile", "main.json")).ExitCode);
            var second = await File.ReadAllTextAsync(Path.Combine(again, "main.json"), TestContext.Current.CancellationToken);
            var (before, after) = (
                Deployed(template, await CompileAsync(Untyped(Source(environment)), Variable.Full)),
                Deployed(second, await CompileAsync(Untyped(Source(environment)), Variable.Full))
            );
            Assert.Empty(before.Except(after).Concat(after.Except(before)));
            Assert.NotEmpty(before);
        }
        finally
        {
            Directory.Delete(again, recursive: true);
        }
    }

    [Theory]
    [InlineData("utcNow")]
    [InlineData("newGuid")]
    public void A_template_that_differs_with_each_deployment_is_noticed(string function)
    {
        var mutant = JsonNode.Parse(infra.Template)!;
        mutant["variables"]!["tags"]!["deployed"] = $"[{function}()]";

        Assert.Contains(
            $"'{function}'",
            Assert.Throws<NotSupportedException>(() => infra.Deploy(mutant, "dev")).Message,
            StringComparison.Ordinal
        );
    }

    private static string Source(string environment) =>
        File.ReadAllText(Path.Combine(BicepCli.RepositoryRoot, "infra", $"main.{environment}.bicepparam")).ReplaceLineEndings("\n");

    /// <summary>Compiles in half the time, and also without a parameter that the template requires.</summary>
    private static string Untyped(string source) => source.Replace("using 'main.bicep'", "using none", StringComparison.Ordinal);

    private static bool CanBeLost(string environment, string variable) =>
        !Required.Contains(variable) && (environment, variable) is not ("prod", "CUBE_ALERT_EMAILS");

    private static JsonObject Wrapped(JsonObject parameters) =>
        new(
            parameters.Select(parameter =>
                KeyValuePair.Create(parameter.Key, (JsonNode?)new JsonObject { ["value"] = parameter.Value?.DeepClone() })
            )
        );

    private static List<string> Deployed(string template, JsonObject parameters) =>
        [
            .. ArmDeployment
                .Of(JsonNode.Parse(template)!, Wrapped(parameters))
                .Resources.Select(resource => $"{resource} {string.Join('|', ArmValue.Texts(resource.Body))}"),
        ];

    /// <summary>The variables that do not reach their parameters.</summary>
    private static List<string> Missed(JsonObject parameters, IReadOnlyDictionary<string, string> variables) =>
        [
            .. Variable
                .All.Where(variable => !JsonNode.DeepEquals(parameters[variable.Parameter], Expected(variables[variable.Name])))
                .Select(variable => variable.Name),
        ];

    /// <summary>A value as its parameter has it: parsed where it is JSON.</summary>
    private static JsonNode Expected(string value) => value[0] is '[' or '{' ? JsonNode.Parse(value)! : JsonValue.Create(value);

    private async Task EachIsNoticedAsync(string environment, string mutant)
    {
        // A generation that is nobody's default: without types it need not be one that is allowed.
        var variables = new Dictionary<string, string>(Variable.Full, StringComparer.Ordinal) { ["CUBE_API"] = "Third" };
        Assert.Equal(
            Variable.All.Select(variable => variable.Name).Where(name => CanBeLost(environment, name)),
            Missed(await CompileAsync(Untyped(mutant), variables), variables)
        );
    }

    private async Task<JsonObject> CompileAsync(string source, IReadOnlyDictionary<string, string> variables)
    {
        var (exitCode, said) = await BuildAsync(source, variables);
        Assert.True(exitCode == 0, said);
        var parameters = JsonNode.Parse((string)JsonNode.Parse(said)!["parametersJson"]!)!["parameters"]!.AsObject();
        return new JsonObject(parameters.Select(parameter => KeyValuePair.Create(parameter.Key, parameter.Value!["value"]?.DeepClone())));
    }

    private async Task<(int ExitCode, string Said)> BuildAsync(string source, IReadOnlyDictionary<string, string> variables)
    {
        var file = Path.Combine(infra.Folder, $"{Guid.NewGuid():n}.bicepparam");
        await File.WriteAllTextAsync(file, source);
        try
        {
            return await BicepCli.RunAsync(infra.Folder, variables, "build-params", file, "--stdout");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [GeneratedRegex(@"readEnvironmentVariable\('(\w+)'")]
    private static partial Regex Read();
}
