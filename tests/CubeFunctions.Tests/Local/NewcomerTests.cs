using System.Diagnostics;
using System.Text.Json;
using CubeFunctions.Local.Azurite;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Local;

/// <summary>The first minutes with the command, on machines that are not as ours: one clear line each, and nothing left running.</summary>
public sealed class NewcomerTests : IDisposable
{
    private const string Quick = "sync --feed crm_custom_fields";

    /// <summary>Exit codes of a process that a signal ended, as shells and the platform give them.</summary>
    private const int Interrupted = 130;
    private const int Terminated = 143;
    private readonly DirectoryInfo _clone = Directory.CreateTempSubdirectory("cube-clone-");

    public NewcomerTests() => File.WriteAllText(Path.Combine(_clone.FullName, "CubeFunctions.sln"), "");

    private string DataFolder => Path.Combine(_clone.FullName, ".cube", "azurite");

    public void Dispose() => _clone.Delete(recursive: true);

    [Fact]
    public async Task A_proxy_for_the_network_is_not_asked_for_this_machine()
    {
        var proxy = $"http://127.0.0.1:{AzuriteProcess.FreePorts(1)[0]}";
        var (code, output, errors) = await CubeProcess.RunAsync(
            Quick,
            _clone.FullName,
            ("HTTP_PROXY", proxy),
            ("http_proxy", proxy),
            ("ALL_PROXY", proxy),
            ("NO_PROXY", "example.com"),
            ("no_proxy", "")
        );
        Assert.True(code == 0, errors);
        Assert.Contains("Succeeded", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_read_can_be_looked_at()
    {
        var (code, sync, errors) = await CubeProcess.RunAsync(Quick, _clone.FullName);
        Assert.True(code == 0, errors);
        var lines = sync.Split('\n');
        var place = Array.FindIndex(lines, line => line.Contains("The data is in ", StringComparison.Ordinal));
        Assert.True(place >= 0, sync);

        // The two commands, as they stand there.
        var (list, cat) = (lines[place + 1].Trim(), lines[place + 2].Trim());
        var (listCode, listed, _) = await CubeProcess.RunAsync(list[list.IndexOf(" ls ", StringComparison.Ordinal)..], _clone.FullName);
        Assert.Equal(0, listCode);
        Assert.Contains("cube-raw/crm_custom_fields/", listed, StringComparison.Ordinal);
        var (catCode, page, _) = await CubeProcess.RunAsync(cat[cat.IndexOf(" cat ", StringComparison.Ordinal)..], _clone.FullName);
        Assert.Equal(0, catCode);
        Assert.Equal(5, JsonDocument.Parse(page).RootElement.GetArrayLength());

        var (noneCode, _, none) = await CubeProcess.RunAsync("cat cube-raw/nothing", _clone.FullName);
        Assert.Equal(1, noneCode);
        Assert.Contains("There is no blob 'cube-raw/nothing'", none, StringComparison.Ordinal);
        Assert.Equal(1, (await CubeProcess.RunAsync("ls cube-raw/nothing", _clone.FullName)).Code);
        Assert.Equal(1, (await CubeProcess.RunAsync("ls cube-nothing/", _clone.FullName)).Code);

        var (changesCode, changes, changesErrors) = await CubeProcess.RunAsync("export --changes --to lines", _clone.FullName);
        Assert.True(changesCode == 1, changes);
        Assert.Contains("There are no changes yet", changesErrors, StringComparison.Ordinal);

        var (exportCode, exported, _) = await CubeProcess.RunAsync("export --to pages", _clone.FullName);
        Assert.Equal(0, exportCode);
        Assert.Contains("crm_custom_fields: 2 windows, 2 pages, 10 records", exported, StringComparison.Ordinal);
        using var index = JsonDocument.Parse(
            await File.ReadAllTextAsync(Path.Combine(_clone.FullName, "pages", "windows.json"), TestContext.Current.CancellationToken)
        );
        var files = index
            .RootElement.EnumerateArray()
            .SelectMany(window => window.GetProperty("files").EnumerateArray())
            .Select(file => file.GetString()!)
            .ToList();
        Assert.Equal(3, files.Count);
        Assert.DoesNotContain(files, file => !File.Exists(Path.Combine(_clone.FullName, "pages", file)));
        Assert.Equal(
            page.TrimEnd(),
            await File.ReadAllTextAsync(
                Path.Combine(_clone.FullName, "pages", files.Single(file => file.Contains(Scope(cat), StringComparison.Ordinal))),
                TestContext.Current.CancellationToken
            )
        );
    }

    [Fact]
    public async Task A_home_that_cannot_be_written_is_one_line()
    {
        // A file where a folder has to be: as root even a read-only folder can be written.
        var file = Path.Combine(_clone.FullName, "home");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        var (code, _, errors) = await CubeProcess.RunAsync(Quick, _clone.FullName, ("XDG_CACHE_HOME", file));
        Assert.Equal(1, code);
        Assert.Contains(
            "set XDG_CACHE_HOME to a folder that can be written, or set CubeStorage",
            Assert.Single(Lines(errors)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_written_is_one_line()
    {
        await File.WriteAllTextAsync(Path.Combine(_clone.FullName, ".cube"), "", TestContext.Current.CancellationToken);
        var (code, _, errors) = await CubeProcess.RunAsync(Quick, _clone.FullName);
        Assert.Equal(1, code);
        Assert.Contains("the data folder cannot be written", Assert.Single(Lines(errors)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_network_npm_fails_within_seconds_in_one_line()
    {
        var nowhere = $"http://127.0.0.1:{AzuriteProcess.FreePorts(1)[0]}/";
        var started = TimeProvider.System.GetTimestamp();
        var (code, output, errors) = await CubeProcess.RunAsync(
            Quick,
            _clone.FullName,
            ("XDG_CACHE_HOME", Path.Combine(_clone.FullName, "cache")),
            ("npm_config_registry", nowhere),
            ("npm_config_cache", Path.Combine(_clone.FullName, "npm")),
            ("npm_config_replace_registry_host", "always")
        );
        Assert.Equal(1, code);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(60));
        Assert.StartsWith("Installing Azurite", Assert.Single(Lines(output)), StringComparison.Ordinal);
        Assert.StartsWith(
            "npm could not install the storage emulator (ECONNREFUSED;",
            Assert.Single(Lines(errors)),
            StringComparison.Ordinal
        );
        Assert.True(File.Exists(Path.Combine(_clone.FullName, "cache", "cube-functions", "npm.log")));
    }

    [Fact]
    public async Task Interrupted_at_ten_moments_nothing_is_left_running_and_the_next_command_works()
    {
        var random = new Random(TestScale.Seed);
        TestContext.Current.TestOutputHelper!.WriteLine($"CUBE_SEED={TestScale.Seed}");
        var moments = TestScale.Of(4, 10);
        for (var moment = 0; moment < moments; moment++)
        {
            using var victim = CubeProcess.Start($"{Quick} --json", _clone.FullName);

            // The first while Azurite starts, the last before anything is said: there the runtime itself may end the process.
            var isEarly = moment == moments - 1;
            await WaitFor.TrueAsync(
                () => Task.FromResult(isEarly || victim.Errors.Contains("Starting", StringComparison.Ordinal)),
                TimeSpan.FromSeconds(60),
                TimeSpan.FromMilliseconds(10)
            );
            await Task.Delay(
                TimeSpan.FromMilliseconds(moment == 0 ? 0 : random.Next(0, isEarly ? 300 : 4000)),
                TimeProvider.System,
                TestContext.Current.CancellationToken
            );
            victim.TryInterrupt();
            var code = await victim.ExitAsync();
            if (isEarly && code is Interrupted or Terminated && victim.Output.Length == 0)
            {
                Assert.Empty(Azurites());
                continue;
            }

            Assert.True(code is 0 or Interrupted, $"{code}: {victim.Errors}");
            using var report = JsonDocument.Parse(victim.Output);
            Assert.Equal(code == Interrupted ? "Cancelled" : "Succeeded", report.RootElement.GetProperty("status").GetString());
            Assert.DoesNotContain("   at ", victim.Errors, StringComparison.Ordinal);
            Assert.Empty(Azurites());
        }

        var (next, _, errors) = await CubeProcess.RunAsync(Quick, _clone.FullName);
        Assert.True(next == 0, errors);
        Assert.Empty(Azurites());
    }

    [Fact]
    public async Task Interrupted_while_npm_installs_nothing_is_left_running_and_the_next_command_works()
    {
        // A registry that takes requests and never answers.
        await using var registry = await FakeApp.StartAsync(context =>
            Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted)
        );
        var cache = Path.Combine(_clone.FullName, "cache");
        using (
            var victim = CubeProcess.Start(
                Quick,
                _clone.FullName,
                ("XDG_CACHE_HOME", cache),
                ("npm_config_registry", registry.Address),
                ("npm_config_cache", Path.Combine(_clone.FullName, "npm")),
                ("npm_config_replace_registry_host", "always")
            )
        )
        {
            await WaitFor.TrueAsync(
                () => Task.FromResult(registry.Requests > 0 || victim.HasExited),
                TimeSpan.FromSeconds(60),
                TimeSpan.FromMilliseconds(20)
            );
            victim.Interrupt();
            Assert.Equal(Interrupted, await victim.ExitAsync().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
            Assert.Equal("Stopped; the next sync goes on from here.", Assert.Single(Lines(victim.Errors)));
        }

        await WaitFor.TrueAsync(
            () => Task.FromResult(!Process.GetProcesses().Any(process => WorksIn(process.Id, cache))),
            TimeSpan.FromSeconds(10)
        );
        Assert.DoesNotContain(
            Directory.GetDirectories(Path.Combine(cache, "cube-functions")),
            folder => Directory.Exists(Path.Combine(folder, "node_modules"))
        );
        var (code, _, errors) = await CubeProcess.RunAsync(Quick, _clone.FullName);
        Assert.True(code == 0, errors);
    }

    [Fact]
    public async Task Killed_while_Azurite_starts_the_next_command_uses_and_ends_it()
    {
        using (var victim = CubeProcess.Start(Quick, _clone.FullName))
        {
            await WaitFor.TrueAsync(
                () => Task.FromResult(File.Exists(Path.Combine(DataFolder, "azurite.json"))),
                TimeSpan.FromSeconds(60),
                TimeSpan.FromMilliseconds(1)
            );
            await victim.KillAsync();
        }

        var (code, output, errors) = await CubeProcess.RunAsync(Quick, _clone.FullName);
        Assert.True(code == 0, errors);
        Assert.Contains("Stopping the storage emulator", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Starting the storage emulator", output, StringComparison.Ordinal);
        Assert.Empty(Azurites());
    }

    /// <summary>Emulators on our files.</summary>
    private List<int> Azurites() =>
        [
            .. Process
                .GetProcessesByName("node")
                .Select(process => process.Id)
                .Where(id =>
                {
                    try
                    {
                        return File.ReadAllText($"/proc/{id}/cmdline").Contains(DataFolder, StringComparison.Ordinal);
                    }
                    catch (IOException)
                    {
                        return false;
                    }
                }),
        ];

    private static bool WorksIn(int id, string folder)
    {
        try
        {
            return new DirectoryInfo($"/proc/{id}/cwd").LinkTarget?.StartsWith(folder, StringComparison.Ordinal) == true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Ended meanwhile.
            return false;
        }
    }

    private static string Scope(string path) =>
        path.Split('/').First(part => part.Contains('=', StringComparison.Ordinal)).Replace('=', '-');

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
