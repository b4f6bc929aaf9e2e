using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Infra;

/// <summary>What the Bicep CLI has to say of the folder, offline.</summary>
[Collection(InfraGroup.Name)]
public sealed class BicepTests(InfraFixture infra)
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [Fact]
    public void Templates_and_both_parameter_files_build_without_a_warning() => Assert.Equal("", infra.Complaints);

    [Fact]
    public async Task The_linter_has_nothing_to_say()
    {
        var (exitCode, said) = await BicepCli.RunAsync(infra.Folder, "lint", "--pattern", "./**/*.bicep");
        Assert.Equal((0, ""), (exitCode, said));
    }

    [Fact]
    public async Task Files_are_formatted()
    {
        var files = Directory
            .EnumerateFiles(infra.Folder, "*.bicep*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".bicep" or ".bicepparam")
            .ToList();
        var before = files.ToDictionary(file => file, File.ReadAllText);
        await BicepCli.RunAsync(infra.Folder, "format", "--pattern", "./**/*.bicep");
        foreach (var file in files.Where(file => file.EndsWith(".bicepparam", StringComparison.Ordinal)))
        {
            await BicepCli.RunAsync(infra.Folder, "format", file);
        }

        var changed = files
            .Where(file => File.ReadAllText(file) != before[file])
            .Select(file => "run: bicep format " + Path.GetRelativePath(infra.Folder, file))
            .ToList();
        Assert.Empty(changed);
    }

    [Fact]
    public void No_module_comes_from_a_registry() =>
        AtLeastOne.All(
            Directory.EnumerateFiles(infra.Folder, "*.bicep", SearchOption.AllDirectories),
            file => Assert.DoesNotMatch("'(br|ts)[:/]", File.ReadAllText(file))
        );

    [Theory]
    [InlineData("dev", 0)]
    [InlineData("prod", 6)]
    public async Task What_is_deployed_is_what_was_reviewed(string environment, int privateEndpoints)
    {
        var (exitCode, said) = await BicepCli.RunAsync(
            infra.Folder,
            "snapshot",
            $"main.{environment}.bicepparam",
            "--mode",
            "overwrite",
            "--tenant-id",
            Guid.Empty.ToString(),
            "--subscription-id",
            "00000000-0000-0000-0000-000000000001",
            "--location",
            "norwayeast",
            "--deployment-name",
            "cube"
        );
        Assert.Equal((0, ""), (exitCode, said));

        var snapshot = Ordered(
            await File.ReadAllTextAsync(
                Path.Combine(infra.Folder, $"main.{environment}.snapshot.json"),
                TestContext.Current.CancellationToken
            )
        );
        var kept = Path.Combine(
            BicepCli.RepositoryRoot,
            "tests",
            "CubeFunctions.Tests",
            "Infra",
            "Snapshots",
            $"main.{environment}.snapshot.json"
        );
        if (Environment.GetEnvironmentVariable("CUBE_UPDATE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(kept, snapshot.TrimEnd() + "\n", TestContext.Current.CancellationToken);
        }

        Assert.Empty(JsonNode.Parse(snapshot)!["diagnostics"]!.AsArray());
        var resources = JsonNode.Parse(snapshot)!["predictedResources"]!.AsArray();
        Assert.Equal(privateEndpoints, resources.Count(resource => (string?)resource!["type"] == "Microsoft.Network/privateEndpoints"));
        Assert.True(
            snapshot.TrimEnd()
                == (await File.ReadAllTextAsync(kept, TestContext.Current.CancellationToken)).ReplaceLineEndings("\n").TrimEnd(),
            $"{kept} differs from what is deployed now. Look at the difference after running the tests with CUBE_UPDATE_GOLDEN=1, and commit it with its reason."
        );
    }

    /// <summary>The CLI gives outputs in another order each time.</summary>
    private static string Ordered(string snapshot)
    {
        var root = JsonNode.Parse(snapshot)!;
        root["outputs"] = new JsonObject(
            root["outputs"]!
                .AsObject()
                .OrderBy(output => output.Key, StringComparer.Ordinal)
                .Select(output => KeyValuePair.Create(output.Key, output.Value?.DeepClone()))
        );
        return root.ToJsonString(Readable).ReplaceLineEndings("\n");
    }
}
