using System.Text;
using System.Text.Json;
using CubeFunctions.Tests.Functions.Host;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Functions;

/// <summary>The folder that is deployed: what the host reads of it, and what must not be in it.</summary>
public sealed class PublishedFolderTests(PublishedApp app)
{
    [Fact]
    public async Task The_metadata_tells_the_host_every_function_with_its_trigger()
    {
        var functions = FunctionInfo.ReadAll(await ReadAsync("functions.metadata"));
        Assert.Equal(TriggerTests.Expected, functions.Select(function => function.Describe()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_host_finds_the_worker_and_its_extensions()
    {
        var worker = JsonDocument.Parse(await ReadAsync("worker.config.json")).RootElement.GetProperty("description");
        Assert.Equal("dotnet-isolated", worker.GetProperty("language").GetString());
        Assert.Equal("dotnet", worker.GetProperty("defaultExecutablePath").GetString());
        Assert.Equal("true", worker.GetProperty("workerIndexing").GetString());
        Assert.True(await HasAsync(worker.GetProperty("defaultWorkerPath").GetString()!));

        var extensions = JsonDocument
            .Parse(await ReadAsync("extensions.json"))
            .RootElement.GetProperty("extensions")
            .EnumerateArray()
            .ToList();
        Assert.Contains(extensions, extension => extension.GetProperty("name").GetString() == "AzureStorageQueues");
        foreach (var extension in extensions)
        {
            Assert.True(await HasAsync(extension.GetProperty("hintPath").GetString()!), $"{extension}");
        }
    }

    [Fact]
    public async Task No_symbols_and_no_documentation_of_code_are_deployed()
    {
        var files = Directory
            .GetFiles(await app.FolderAsync(), "*", SearchOption.AllDirectories)
            .Select(file => Path.GetFileName(file))
            .ToList();
        Assert.Contains("CubeFunctions.Core.dll", files);
        Assert.DoesNotContain(files, file => Path.GetExtension(file) is ".pdb" or ".xml");
    }

    [Fact]
    public async Task The_hosts_settings_are_ours() => Assert.Equal(Repository.Read("host.json"), await ReadAsync("host.json"));

    [Fact]
    public async Task Local_settings_and_what_only_serves_development_stay_at_home()
    {
        var files = Directory.GetFiles(await app.FolderAsync(), "*", SearchOption.AllDirectories);
        string[] home = ["local.settings.json", "local.settings.sample.json", "cube.dll", "Cube.Simulator.dll", "CubeFunctions.Tests.dll"];
        Assert.Empty(files.Select(Path.GetFileName).Intersect(home, StringComparer.OrdinalIgnoreCase));

        byte[][] secrets = [Encoding.UTF8.GetBytes(PublishedApp.LocalSecret), Encoding.Unicode.GetBytes(PublishedApp.LocalSecret)];
        foreach (var file in files)
        {
            var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
            Assert.DoesNotContain(secrets, secret => bytes.AsSpan().IndexOf(secret) >= 0);
        }
    }

    private async Task<string> ReadAsync(string file) =>
        await File.ReadAllTextAsync(Path.Combine(await app.FolderAsync(), file), TestContext.Current.CancellationToken);

    private async Task<bool> HasAsync(string file) => File.Exists(Path.Combine(await app.FolderAsync(), file));
}
