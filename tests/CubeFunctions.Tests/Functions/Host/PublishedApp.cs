using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using CubeFunctions.Tests.Functions.Host;
using CubeFunctions.Tests.Support;
using Xunit;

[assembly: AssemblyFixture(typeof(PublishedApp))]

namespace CubeFunctions.Tests.Functions.Host;

/// <summary>
/// The folder that would be deployed. Published by the first test that asks, from a copy of the sources with a <c>local.settings.json</c>
/// beside them; kept in <c>artifacts</c> and published again only when the sources have changed.
/// </summary>
public sealed class PublishedApp
{
    /// <summary>A value of the copy's local.settings.json; nothing published may hold it.</summary>
    public const string LocalSecret = "local-settings-stay-at-home";

    private static readonly string[] NotSources =
    [
        ".git",
        ".github",
        ".cube",
        ".azure",
        ".vs",
        ".idea",
        "artifacts",
        "bin",
        "obj",
        "infra",
        "node_modules",
        "tests",
        "TestResults",
        "local.settings.json",
    ];

    private static readonly string Workshop = Path.Combine(Repository.Root, "artifacts", "published");
    private static readonly string Copy = Path.Combine(Workshop, "source");
    private readonly Lazy<Task<string>> _folder = new(PublishAsync);

    /// <summary>The published folder.</summary>
    public Task<string> FolderAsync() => _folder.Value;

    private static async Task<string> PublishAsync()
    {
        Directory.CreateDirectory(Workshop);
        await using var onlyOne = await LockAsync();
        var app = Path.Combine(Workshop, "app");
        var stamp = Path.Combine(Workshop, "sources.sha256");
        var sources = Sources().ToList();
        var hash = await HashAsync(sources);
        if (File.Exists(stamp) && await File.ReadAllTextAsync(stamp) == hash && Directory.Exists(app))
        {
            return app;
        }

        File.Delete(stamp);
        Clear(app);
        CopySources(sources);
        await RunAsync(
            "publish",
            Path.Combine(Copy, "src", "CubeFunctions"),
            "--configuration",
            "Release",
            "--output",
            app,
            "--nologo",
            "--verbosity",
            "quiet",
            "-nodeReuse:false",
            "-p:UseSharedCompilation=false"
        );
        await File.WriteAllTextAsync(stamp, hash);
        return app;
    }

    private static async Task<FileStream> LockAsync()
    {
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(Workshop, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
            }
        }
    }

    /// <summary>Every file that a build of the app could read, by its path in the repository.</summary>
    private static IEnumerable<string> Sources() =>
        Directory
            .EnumerateFileSystemEntries(Repository.Root)
            .Where(entry => !NotSources.Contains(Path.GetFileName(entry)))
            .SelectMany(entry => File.Exists(entry) ? [entry] : Directory.EnumerateFiles(entry, "*", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Repository.Root, file))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Intersect(NotSources).Any())
            .Order(StringComparer.Ordinal);

    private static async Task<string> HashAsync(List<string> sources)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in sources)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(file));
            hash.AppendData(await File.ReadAllBytesAsync(Path.Combine(Repository.Root, file)));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>What the copy has built stays, for the next time.</summary>
    private static void CopySources(List<string> sources)
    {
        Directory.CreateDirectory(Copy);
        foreach (var entry in Directory.GetDirectories(Copy).Where(entry => Path.GetFileName(entry) != "artifacts"))
        {
            Clear(entry);
        }

        foreach (var file in sources)
        {
            var copy = Path.Combine(Copy, file);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(Path.Combine(Repository.Root, file), copy, overwrite: true);
        }

        File.WriteAllText(
            Path.Combine(Copy, "local.settings.json"),
            $$$"""{"IsEncrypted":false,"Values":{"Cube__Token":"{{{LocalSecret}}}"}}"""
        );
    }

    private static void Clear(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = Copy,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // The test runner's own MSBuild variables would lead this one astray.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"dotnet publish: {await output}{await errors}");
    }
}
