using System.Text.RegularExpressions;
using Xunit;

namespace CubeFunctions.Tests.Infra;

/// <summary>
/// No API version is older than two years, unless it is the newest that Bicep knows. The age counts from the day of the last review, so
/// that a build does not fail by waiting;
/// the weekly workflow sets <c>CUBE_API_VERSIONS_AS_OF</c> to the present.
/// </summary>
[Collection(InfraGroup.Name)]
public sealed partial class ApiVersionTests
{
    private const string LastReview = "2026-11-26";
    private const int MaxAgeDays = 730;

    [Fact]
    public async Task No_API_version_is_older_than_two_years() => Assert.Equal("", await LintAsync(text => text));

    [Fact]
    public async Task An_old_API_version_is_noticed() =>
        Assert.Contains(
            "'2022-03-01' is ",
            await LintAsync(text =>
                text.Replace("'Microsoft.Web/sites@2025-03-01'", "'Microsoft.Web/sites@2022-03-01'", StringComparison.Ordinal)
            ),
            StringComparison.Ordinal
        );

    [Fact]
    public void Only_the_settings_of_diagnostics_are_excused()
    {
        // They have had no newer version since 2021; the stable one of 2016 lacks categories.
        var excused = Directory
            .EnumerateFiles(Path.Combine(BicepCli.RepositoryRoot, "infra"), "*.bicep", SearchOption.AllDirectories)
            .Select(File.ReadAllText)
            .SelectMany(text => Excused().Matches(text).Select(match => match.Groups[1].Value))
            .Distinct();
        Assert.Equal(["Microsoft.Insights/diagnosticSettings@2021-05-01-preview"], excused);
    }

    private static async Task<string> LintAsync(Func<string, string> mutate)
    {
        var asOf = DateTimeOffset.Parse(
            Environment.GetEnvironmentVariable("CUBE_API_VERSIONS_AS_OF") is { Length: > 0 } given ? given : LastReview,
            System.Globalization.CultureInfo.InvariantCulture
        );
        var age = MaxAgeDays + (int)(TimeProvider.System.GetUtcNow() - asOf).TotalDays;
        var folder = InfraFixture.CopyInfra();
        try
        {
            var config = Path.Combine(folder, "bicepconfig.json");
            await File.WriteAllTextAsync(
                config,
                (await File.ReadAllTextAsync(config)).Replace(
                    "\"use-safe-access\"",
                    $"\"use-recent-api-versions\": {{ \"level\": \"error\", \"maxAllowedAgeInDays\": {age} }},\n\"use-safe-access\"",
                    StringComparison.Ordinal
                )
            );
            var app = Path.Combine(folder, "app", "function-app.bicep");
            await File.WriteAllTextAsync(app, mutate(await File.ReadAllTextAsync(app)));
            var (_, said) = await BicepCli.RunAsync(folder, "lint", "main.bicep");
            var (_, saidOfAccess) = await BicepCli.RunAsync(folder, "lint", "access.bicep");
            return string.Concat(
                string.Concat(said, saidOfAccess)
                    .ReplaceLineEndings("\n")
                    .Split('\n')
                    .Where(line => line.Contains("use-recent-api-versions", StringComparison.Ordinal))
                    .Distinct()
            );
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [GeneratedRegex(@"#disable-next-line use-recent-api-versions\s+resource \w+ '([^']+)'")]
    private static partial Regex Excused();
}
