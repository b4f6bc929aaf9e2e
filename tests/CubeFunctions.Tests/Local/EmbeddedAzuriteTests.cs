using System.Diagnostics;
using System.Text.Json;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Local;

/// <summary>The storage emulator that the command starts itself.</summary>
public sealed class EmbeddedAzuriteTests : IDisposable
{
    private static readonly string[] Quick = ["--feed", "crm_custom_fields"];

    // The command takes the nearest folder with the solution for the repository.
    private readonly DirectoryInfo _clone = Directory.CreateTempSubdirectory("cube-clone-");

    public EmbeddedAzuriteTests() => File.WriteAllText(Path.Combine(_clone.FullName, "CubeFunctions.sln"), "");

    private string StateFile => Path.Combine(_clone.FullName, ".cube", "azurite", "azurite.json");

    public void Dispose() => _clone.Delete(recursive: true);

    [Fact]
    public async Task It_is_started_for_the_command_keeps_the_data_and_stops_with_the_last_user()
    {
        var (code, _, errors) = await CubeProcess.RunAsync($"sync {string.Join(' ', Quick)}", _clone.FullName);
        Assert.True(code == 0, errors);
        Assert.False(File.Exists(StateFile));
        var (_, status, _) = await CubeProcess.RunAsync("status --json", _clone.FullName);
        Assert.Single(JsonDocument.Parse(status).RootElement.GetProperty("runs").EnumerateArray());
    }

    [Fact]
    public async Task What_a_crash_leaves_running_is_found_used_and_stopped()
    {
        using (var victim = CubeProcess.Start("work", _clone.FullName))
        {
            await WaitFor.TrueAsync(
                () => Task.FromResult(victim.Errors.Contains("Working", StringComparison.Ordinal)),
                TimeSpan.FromSeconds(60)
            );
            await victim.KillAsync();
        }

        var orphan = Pid();
        Assert.False(Process.GetProcessById(orphan).HasExited);
        using (var next = CubeProcess.Start("work", _clone.FullName))
        {
            await WaitFor.TrueAsync(
                () => Task.FromResult(next.Errors.Contains("Working", StringComparison.Ordinal)),
                TimeSpan.FromSeconds(60)
            );
            Assert.Equal(orphan, Pid());
            Assert.Equal(0, (await CubeProcess.RunAsync("status", _clone.FullName)).Code);
            Assert.Equal(orphan, Pid());
            next.Interrupt();
            Assert.Equal(0, await next.ExitAsync());
        }

        Assert.False(File.Exists(StateFile));
        Assert.Throws<ArgumentException>(() => Process.GetProcessById(orphan));
    }

    [Fact]
    public async Task Without_Node_one_line_says_what_to_do()
    {
        var dotnet = Path.GetDirectoryName(
            Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : FromPath("dotnet")
        )!;
        var folder = Directory.CreateTempSubdirectory("cube-no-node-");
        File.CreateSymbolicLink(Path.Combine(folder.FullName, "dotnet"), Path.Combine(dotnet, "dotnet"));
        try
        {
            var (code, _, errors) = await CubeProcess.RunAsync("status", _clone.FullName, ("PATH", folder.FullName));
            Assert.Equal(1, code);
            Assert.Contains(
                "Node.js 20 or newer is needed",
                Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)),
                StringComparison.Ordinal
            );
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string FromPath(string program) =>
        Environment
            .GetEnvironmentVariable("PATH")!
            .Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, program))
            .First(File.Exists);

    private int Pid()
    {
        using var state = JsonDocument.Parse(File.ReadAllText(StateFile));
        return state.RootElement.GetProperty("Pid").GetInt32();
    }
}
