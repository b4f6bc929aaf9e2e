using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using CubeFunctions.Local.Hosting;

namespace CubeFunctions.Local.Azurite;

/// <summary>Azurite as the lock file pins it, in a cache folder outside of the repository.</summary>
internal static class AzuriteInstallation
{
    private const int OldestNode = 20;
    private static readonly string[] Files = ["package.json", "package-lock.json", "launch.js"];

    /// <summary>Installs Azurite unless it is there.</summary>
    /// <returns>The folder that holds <c>launch.js</c> and <c>node_modules</c>.</returns>
    /// <exception cref="LocalHostException">Node is missing or too old, or npm failed.</exception>
    public static async Task<string> EnsureAsync(Action<string> say, CancellationToken cancellationToken)
    {
        await CheckNodeAsync(cancellationToken);
        var files = Files.ToDictionary(name => name, Resource);
        var version = Convert.ToHexStringLower(SHA256.HashData([.. Files.SelectMany(name => files[name])]))[..12];
        var folder = Path.Combine(CacheFolder(), $"azurite-{version}");
        if (Directory.Exists(folder))
        {
            return folder;
        }

        try
        {
            return await InstallAsync(folder, files, say, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LocalHostException(
                $"{CacheFolder()}: the storage emulator cannot be installed there ({exception.Message}); set XDG_CACHE_HOME to a folder that can be written, or set CubeStorage",
                exception
            );
        }
    }

    private static async Task<string> InstallAsync(
        string folder,
        Dictionary<string, byte[]> files,
        Action<string> say,
        CancellationToken cancellationToken
    )
    {
        Directory.CreateDirectory(CacheFolder());
        await using var mutex = await FileMutex.EnterAsync(folder + ".lock", TimeSpan.FromMinutes(5), cancellationToken);
        if (Directory.Exists(folder))
        {
            return folder;
        }

        foreach (var abandoned in Directory.GetDirectories(CacheFolder(), Path.GetFileName(folder) + ".*"))
        {
            Directory.Delete(abandoned, recursive: true);
        }

        // Beside the folder and renamed when whole: what a crash leaves half done is never taken for Azurite.
        var draft = Directory.CreateDirectory($"{folder}.{Guid.NewGuid():N}").FullName;
        try
        {
            say("Installing Azurite, the storage emulator (once, with npm) ...");
            foreach (var (name, content) in files)
            {
                await File.WriteAllBytesAsync(Path.Combine(draft, name), content, cancellationToken);
            }

            // Without a network npm's own patience is a minute and a half.
            string[] arguments =
            [
                "ci",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
                "--fetch-retries=1",
                "--fetch-retry-mintimeout=1000",
                "--fetch-retry-maxtimeout=2000",
                "--fetch-timeout=20000",
            ];
            var (code, output) = await RunAsync("npm", arguments, draft, cancellationToken);
            if (code != 0)
            {
                var log = Path.Combine(CacheFolder(), "npm.log");
                await File.WriteAllTextAsync(log, output, cancellationToken);
                throw new LocalHostException(
                    $"npm could not install the storage emulator ({CodeOf(output)}; its output is in {log}): look at the network and at npm's registry and proxy settings, or set CubeStorage to a storage account"
                );
            }

            Directory.Move(draft, folder);
            return folder;
        }
        finally
        {
            if (Directory.Exists(draft))
            {
                Directory.Delete(draft, recursive: true);
            }
        }
    }

    /// <summary>npm's own word for what went wrong, such as <c>ENOTFOUND</c>.</summary>
    private static string CodeOf(string output) =>
        output
            .Split('\n')
            .Select(line => line.Trim())
            .FirstOrDefault(line => line.StartsWith("npm error code ", StringComparison.Ordinal))
            ?["npm error code ".Length..]
        ?? "no code";

    private static string CacheFolder()
    {
        var home =
            Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
            : OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(home, "cube-functions");
    }

    private static async Task CheckNodeAsync(CancellationToken cancellationToken)
    {
        var (_, output) = await RunAsync("node", ["--version"], Environment.CurrentDirectory, cancellationToken);
        var text = output.Trim().TrimStart('v');
        if (!Version.TryParse(text, out var version) || version.Major < OldestNode)
        {
            throw new LocalHostException(
                $"Node.js {OldestNode} or newer is needed for the storage emulator; this is {text}. Install it, or set CubeStorage."
            );
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(
        string program,
        string[] arguments,
        string folder,
        CancellationToken cancellationToken
    )
    {
        // On Windows npm is a command file, which only a shell can start.
        var start =
            OperatingSystem.IsWindows() && program == "npm"
                ? new ProcessStartInfo("cmd.exe", ["/c", program, .. arguments])
                : new ProcessStartInfo(program, arguments);
        start.WorkingDirectory = folder;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            try
            {
                await process.WaitForExitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }

            return (process.ExitCode, process.ExitCode == 0 ? await output : await errors + await output);
        }
        catch (Win32Exception exception)
        {
            throw new LocalHostException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{program}' was not found: Node.js {OldestNode} or newer is needed for the storage emulator. Install it, or set CubeStorage."
                ),
                exception
            );
        }
    }

    private static byte[] Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"azurite/{name}")!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
