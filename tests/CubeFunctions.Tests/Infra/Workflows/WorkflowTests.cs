using System.Text.RegularExpressions;
using CubeFunctions.Tests.Infra.Arm;
using Xunit;

namespace CubeFunctions.Tests.Infra.Workflows;

/// <summary>Workflows run what was reviewed, deploy what was tested, and each fault that somebody could make in them is named.</summary>
public sealed partial class WorkflowTests
{
    private static readonly IReadOnlyDictionary<string, (string Rule, string File, string Path, object? Value)> Mutations = new Dictionary<
        string,
        (string, string, string, object?)
    >(StringComparer.Ordinal)
    {
        ["deploy has no id-token"] = (
            "Who signs in to Azure may, and does it in an environment",
            "deploy.yml",
            "jobs.deploy.permissions.id-token",
            null
        ),
        ["deploy has no environment"] = (
            "Who signs in to Azure may, and does it in an environment",
            "deploy.yml",
            "jobs.deploy.environment",
            null
        ),
        ["deploy is always in dev"] = (
            "The deployment is in the environment that was asked for",
            "deploy.yml",
            "jobs.deploy.environment",
            "dev"
        ),
        ["deploy takes the templates of main"] = (
            "A deployment takes the attested zip of its version, and a smoke test ends it",
            "deploy.yml",
            "jobs.deploy.steps.0.with.ref",
            "main"
        ),
        ["deploy verifies nothing"] = (
            "A deployment takes the attested zip of its version, and a smoke test ends it",
            "deploy.yml",
            "jobs.deploy.steps.1.run",
            "gh release download \"$VERSION\""
        ),
        ["deploy ends without a smoke test"] = (
            "A deployment takes the attested zip of its version, and a smoke test ends it",
            "deploy.yml",
            "jobs.deploy.steps.6.run",
            "true"
        ),
        ["deploy takes away what is not given"] = (
            "A deployment takes the attested zip of its version, and a smoke test ends it",
            "deploy.yml",
            "jobs.deploy.steps.3.run",
            "true"
        ),
        ["deploy may write"] = ("Workflows start with the right to read alone", "deploy.yml", "permissions.contents", "write"),
        ["deploy prints a secret"] = (
            "Secrets of GitHub go to variables of the table only, in jobs with an environment",
            "deploy.yml",
            "jobs.deploy.steps.1.env.TOKEN",
            "${{ secrets.CUBE_TOKEN }}"
        ),
        ["deploy runs what was typed"] = (
            "No script holds what others may write",
            "deploy.yml",
            "jobs.deploy.steps.6.run",
            "echo ${{ inputs.version }}"
        ),
        ["a release is published before it is built"] = (
            "Each step of a release waits for the one before",
            "release.yml",
            "jobs.publish.needs",
            null
        ),
        ["dev does not wait for the release"] = ("Each step of a release waits for the one before", "release.yml", "jobs.dev.needs", null),
        ["prod does not wait for dev"] = ("Each step of a release waits for the one before", "release.yml", "jobs.prod.needs", "publish"),
        ["prod goes to dev"] = (
            "Dev and prod get the same version, in their own environments",
            "release.yml",
            "jobs.prod.with.environment",
            "dev"
        ),
        ["prod gets another version"] = (
            "Dev and prod get the same version, in their own environments",
            "release.yml",
            "jobs.prod.with.version",
            "main"
        ),
        ["prod may not sign in"] = (
            "Dev and prod get the same version, in their own environments",
            "release.yml",
            "jobs.prod.permissions.id-token",
            null
        ),
        ["a release is not tested"] = ("Nothing is released that was not tested", "release.yml", "jobs.build.steps.4.run", "true"),
        ["a release comes from any branch"] = ("Nothing is released that was not tested", "release.yml", "jobs.build.steps.1.run", "true"),
        ["a release has no bill of materials"] = (
            "Nothing is released that was not tested",
            "release.yml",
            "jobs.build.steps.7.with.sbom-path",
            null
        ),
        ["the preview asks for a variable before its environment is known"] = (
            "No job asks for variables that it cannot see",
            "infra.yml",
            "jobs.what-if.if",
            "vars.AZURE_CLIENT_ID != ''"
        ),
        ["the preview signs in without an identity"] = (
            "The preview runs where Azure is known, and says so where not",
            "infra.yml",
            "jobs.what-if.steps.2.if",
            null
        ),
        ["the preview runs for forks"] = ("The preview is for branches of the repository only", "infra.yml", "jobs.what-if.if", null),
        ["the preview is in the environment of the deployment"] = (
            "The deployment is in the environment that was asked for",
            "infra.yml",
            "jobs.what-if.environment",
            "${{ matrix.environment }}"
        ),
        ["nothing is built on Windows"] = ("Windows is built too", "ci.yml", "jobs.build.strategy.matrix.os.0", "ubuntu-22.04"),
        ["lint runs for strangers with rights"] = ("No workflow runs for strangers with rights", "lint.yml", "on.pull_request_target", ""),
        ["lint never ends"] = ("No job waits for ever", "lint.yml", "jobs.workflows.timeout-minutes", null),
    };

    public static TheoryData<string> Names => [.. WorkflowFiles.Names];

    public static TheoryData<string> Rules => [.. WorkflowRules.All.Select(rule => rule.Name)];

    public static TheoryData<string> Mutants => [.. Mutations.Keys];

    public static TheoryData<string, string, string> Variables =>
        [
            .. Variable.All.SelectMany(
                variable => ((string File, string Job)[])[("deploy.yml", "deploy"), ("infra.yml", "what-if")],
                (variable, place) => (place.File, place.Job, variable.Name)
            ),
        ];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Holds(string rule) => Assert.Empty(Rule(rule).Faults(WorkflowFiles.Read()));

    [Theory]
    [MemberData(nameof(Mutants))]
    public void A_fault_breaks_its_rule(string name)
    {
        var (rule, file, path, value) = Mutations[name];
        Broken(rule, file, path, value);
    }

    [Theory]
    [MemberData(nameof(Variables))]
    public void A_variable_that_is_lost_or_another_breaks_its_rule(string file, string job, string variable)
    {
        var rule = file == "deploy.yml" ? "Every variable reaches the deployment" : "Every variable reaches the preview";
        Broken(rule, file, $"jobs.{job}.env.{variable}", null);
        Broken(rule, file, $"jobs.{job}.env.{variable}", "${{ vars.ANOTHER }}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Actions_are_pinned_by_commit_and_say_their_version(string workflow) =>
        Assert.DoesNotContain(
            Uses().Matches(WorkflowFiles.Text(workflow)).Select(match => match.Value.Trim()),
            line => !Pinned().IsMatch(line)
        );

    [Theory]
    [InlineData("      - uses: actions/checkout@v6")]
    [InlineData("      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd")]
    [InlineData("        uses: actions/checkout@main # v6.0.2")]
    public void An_action_that_is_not_pinned_is_noticed(string line) => Assert.DoesNotMatch(Pinned(), Uses().Match(line).Value.Trim());

    [Theory]
    [InlineData("infra.yml")]
    [InlineData("deploy.yml")]
    public void Workflows_use_the_Bicep_that_the_tests_pin(string workflow)
    {
        var pinned = Version().Match(File.ReadAllText(Path.Combine(BicepCli.RepositoryRoot, "Directory.Packages.props"))).Groups[1].Value;
        Assert.Contains($"az bicep install --version v{pinned}\n", WorkflowFiles.Text(workflow), StringComparison.Ordinal);
    }

    [Fact]
    public void Linters_are_pinned()
    {
        var lint = WorkflowFiles.Text("lint.yml");
        Assert.Matches(@"actionlint/cmd/actionlint@v\d+\.\d+\.\d+\n", lint);
        Assert.Matches(@"--spec zizmor==\d+\.\d+\.\d+ zizmor ", lint);
        Assert.Contains("npm ci --ignore-scripts --prefix .github/lint\n", lint, StringComparison.Ordinal);
        Assert.Matches(
            "\"markdownlint-cli2\": \"\\d+\\.\\d+\\.\\d+\"",
            File.ReadAllText(Path.Combine(BicepCli.RepositoryRoot, ".github", "lint", "package.json"))
        );
    }

    [Fact]
    public void Updates_come_in_groups()
    {
        var updates =
            (IReadOnlyList<object?>)
                ArmValue.At(
                    WorkflowFiles.Parse(File.ReadAllText(Path.Combine(BicepCli.RepositoryRoot, ".github", "dependabot.yml"))),
                    "updates"
                )!;
        Assert.Equal(
            ["github-actions", "npm", "npm", "nuget"],
            updates.Select(update => ArmValue.Show(ArmValue.At(update, "package-ecosystem"))).Order(StringComparer.Ordinal)
        );
        Assert.Empty(
            updates
                .Where(update =>
                    !(ArmValue.At(update, "groups") as IDictionary<string, object?> ?? new Dictionary<string, object?>()).Values.Any(
                        group => ArmValue.At(group, "patterns.0") is "*"
                    )
                )
                .Select(update => ArmValue.Show(ArmValue.At(update, "directory")))
        );
    }

    [Fact]
    public void Azd_deploys_the_tagged_service()
    {
        var azd = File.ReadAllText(Path.Combine(BicepCli.RepositoryRoot, "azure.yaml")).ReplaceLineEndings("\n");
        Assert.Contains("  functions:\n    project: src/CubeFunctions\n", azd, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(BicepCli.RepositoryRoot, "infra", Module().Match(azd).Groups[1].Value + ".bicepparam")));
    }

    private static WorkflowRule Rule(string name) => WorkflowRules.All.Single(rule => rule.Name == name);

    private static void Broken(string rule, string file, string path, object? value)
    {
        var workflows = WorkflowFiles.Read();
        Assert.Empty(Rule(rule).Faults(workflows));
        Set(workflows[file], path.Split('.'), value);
        Assert.NotEmpty(Rule(rule).Faults(workflows));
    }

    private static void Set(object? node, string[] path, object? value)
    {
        var parent = ArmValue.At(node, string.Join('.', path.SkipLast(1)));
        if (parent is IList<object?> items)
        {
            items[int.Parse(path[^1])] = value;
        }
        else if (value is not null)
        {
            ((IDictionary<string, object?>)parent!)[path[^1]] = value;
        }
        else
        {
            Assert.True(((IDictionary<string, object?>)parent!).Remove(path[^1]), $"There is no {string.Join('.', path)}.");
        }
    }

    [GeneratedRegex(@"^.*\buses:(?! \./).*$", RegexOptions.Multiline)]
    private static partial Regex Uses();

    [GeneratedRegex(@"^(- )?uses: [\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")]
    private static partial Regex Pinned();

    [GeneratedRegex("Azure\\.Bicep\\.CommandLine\\.linux-x64\" Version=\"([\\d.]+)\"")]
    private static partial Regex Version();

    [GeneratedRegex(@"module: (\S+)")]
    private static partial Regex Module();
}
