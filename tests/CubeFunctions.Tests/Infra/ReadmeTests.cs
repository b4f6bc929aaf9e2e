using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Infra;

/// <summary>The runbook knows what can happen.</summary>
[Collection(InfraGroup.Name)]
public sealed class ReadmeTests(InfraFixture infra)
{
    private static string Readme => File.ReadAllText(Path.Combine(BicepCli.RepositoryRoot, "infra", "README.md"));

    [Fact]
    public void Every_alert_is_explained() =>
        AtLeastOne.All(
            infra.Deploy("prod").All("Microsoft.Insights/scheduledQueryRules"),
            rule => Assert.Contains($"| `{AlertName(rule.Name)}` |", Readme, StringComparison.Ordinal)
        );

    [Fact]
    public void Every_secret_has_its_rotation() =>
        AtLeastOne.All(
            infra.Deploy("everything").All("Microsoft.KeyVault/vaults/secrets"),
            secret => Assert.Contains($"`{General(secret.ShortName)}`", Readme, StringComparison.Ordinal)
        );

    [Fact]
    public void Every_variable_of_the_parameter_files_is_listed() =>
        AtLeastOne.All(
            System
                .Text.RegularExpressions.Regex.Matches(
                    File.ReadAllText(Path.Combine(infra.Folder, "main.prod.bicepparam")),
                    @"readEnvironmentVariable\('(\w+)'"
                )
                .Select(match => match.Groups[1].Value),
            name => Assert.Contains($"`{name}`", Readme, StringComparison.Ordinal)
        );

    private string AlertName(string name) => name[(infra.Deploy("prod").One("Microsoft.Web/sites")!.Name.Length + 1)..];

    private static string General(string name) =>
        name.Replace("hubspot", "{name}", StringComparison.Ordinal)
            .Replace("dataverse", "{name}", StringComparison.Ordinal)
            .Replace("script", "{name}", StringComparison.Ordinal);
}
