using System.Text.RegularExpressions;
using Xunit;

namespace CubeFunctions.Tests.Infra;

/// <summary>Workflows run what was reviewed, and hold nothing worth stealing.</summary>
public sealed partial class WorkflowTests
{
    public static TheoryData<string> Workflows => [.. Directory.EnumerateFiles(Folder, "*.yml").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    private static string Folder => Path.Combine(BicepCli.RepositoryRoot, ".github", "workflows");

    [Theory]
    [MemberData(nameof(Workflows))]
    public void Actions_are_pinned_by_commit_and_say_their_version(string workflow) =>
        Assert.All(Uses().Matches(Read(workflow)).Select(match => match.Value.Trim()), line => Assert.Matches(Pinned(), line));

    [Theory]
    [MemberData(nameof(Workflows))]
    public void Workflows_start_with_the_right_to_read_alone(string workflow) => Assert.Contains("\npermissions:\n  contents: read\n\n", Read(workflow), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Workflows))]
    public void No_workflow_reads_a_stored_secret(string workflow) => Assert.DoesNotMatch(Secrets(), Read(workflow));

    [Theory]
    [MemberData(nameof(Workflows))]
    public void No_script_holds_what_others_may_write(string workflow) => Assert.DoesNotMatch(Injected(), Read(workflow));

    [Theory]
    [InlineData("infra.yml")]
    [InlineData("deploy.yml")]
    public void Workflows_use_the_Bicep_that_the_tests_pin(string workflow)
    {
        var pinned = Version().Match(File.ReadAllText(Path.Combine(BicepCli.RepositoryRoot, "Directory.Packages.props"))).Groups[1].Value;
        Assert.Contains($"az bicep install --version v{pinned}\n", Read(workflow), StringComparison.Ordinal);
    }

    [Fact]
    public void Azd_deploys_the_tagged_service()
    {
        var azd = File.ReadAllText(Path.Combine(BicepCli.RepositoryRoot, "azure.yaml"));
        Assert.Contains("  functions:\n    project: src/CubeFunctions\n", azd, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(BicepCli.RepositoryRoot, "infra", Module().Match(azd).Groups[1].Value + ".bicepparam")));
    }

    private static string Read(string workflow) => File.ReadAllText(Path.Combine(Folder, workflow)).ReplaceLineEndings("\n");

    [GeneratedRegex(@"^.*\buses:.*$", RegexOptions.Multiline)]
    private static partial Regex Uses();

    [GeneratedRegex(@"^- uses: [\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")]
    private static partial Regex Pinned();

    [GeneratedRegex(@"secrets\s*[.\[]")]
    private static partial Regex Secrets();

    [GeneratedRegex(@"run:[^\n]*\$\{\{|^\s{10,}[^\s:]+ [^\n]*\$\{\{", RegexOptions.Multiline)]
    private static partial Regex Injected();

    [GeneratedRegex("Azure\\.Bicep\\.CommandLine\\.linux-x64\" Version=\"([\\d.]+)\"")]
    private static partial Regex Version();

    [GeneratedRegex(@"module: (\S+)")]
    private static partial Regex Module();
}
