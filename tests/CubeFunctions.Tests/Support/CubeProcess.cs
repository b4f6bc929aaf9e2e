using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Xunit;

namespace CubeFunctions.Tests.Support;

/// <summary>A real process of ours: <c>cube</c> as a user would start it, or the published worker.</summary>
public sealed partial class CubeProcess : IDisposable
{
    private const int Interrupted = 2;
    private const int Killed = 9;
    private const int Terminated = 15;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();

    private CubeProcess(Process process) => _process = process;

    /// <summary>Standard output so far.</summary>
    public string Output => Locked(_output);

    /// <summary>Standard error so far.</summary>
    public string Errors => Locked(_errors);

    public bool HasExited => _process.HasExited;

    /// <summary>The largest working set so far, in bytes.</summary>
    public long PeakWorkingSet { get; private set; }

    /// <summary>Starts it with these settings and no others.</summary>
    public static CubeProcess Start(string arguments, string? folder, params (string Name, string Value)[] settings) =>
        StartProgram(
            Path.Combine(AppContext.BaseDirectory, "cube.dll"),
            arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            folder ?? Path.GetTempPath(),
            settings
        );

    /// <summary>Starts a program with these settings and no others.</summary>
    public static CubeProcess StartProgram(
        string program,
        IEnumerable<string> arguments,
        string folder,
        params (string Name, string Value)[] settings
    )
    {
        var start = new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (
            var name in start
                .Environment.Keys.Where(name =>
                    name.StartsWith("Cube", StringComparison.OrdinalIgnoreCase) || name.Contains("__", StringComparison.Ordinal)
                )
                .ToList()
        )
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        var cube = new CubeProcess(Process.Start(start)!);
        cube._process.OutputDataReceived += (_, line) => Append(cube._output, line.Data);
        cube._process.ErrorDataReceived += (_, line) => Append(cube._errors, line.Data);
        cube._process.BeginOutputReadLine();
        cube._process.BeginErrorReadLine();
        return cube;
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(
        string arguments,
        string? folder,
        params (string Name, string Value)[] settings
    )
    {
        using var cube = Start(arguments, folder, settings);
        var code = await cube.ExitAsync();
        return (code, cube.Output, cube.Errors);
    }

    /// <summary>Runs <c>sync --json</c> to its end and reads what it printed.</summary>
    public static async Task<(int Code, JsonElement Report, long PeakWorkingSet)> SyncAsync(
        string arguments,
        params (string Name, string Value)[] settings
    )
    {
        using var cube = Start($"sync --json {arguments}", null, settings);
        var code = await cube.ExitAsync();
        Assert.True(cube.Output.Length > 0, $"exit code {code}: {cube.Errors}");
        return (code, JsonDocument.Parse(cube.Output).RootElement, cube.PeakWorkingSet);
    }

    /// <summary>Completes when the process has ended.</summary>
    public Task EndedAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Waits for the end of the process.</summary>
    public async Task<int> ExitAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        var ended = _process.WaitForExitAsync(limit.Token);
        while (await Task.WhenAny(ended, Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, limit.Token)) != ended)
        {
            Measure();
        }

        await ended;
        return _process.ExitCode;
    }

    /// <summary><c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        _ = Kill(_process.Id, Killed);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>SIGTERM, as the platform sends it.</summary>
    public void Terminate() => Assert.Equal(0, Kill(_process.Id, Terminated));

    /// <summary>
    /// Ctrl-C. Where the test run was started in the background its children ignore that signal; the polite kill does the same then.
    /// </summary>
    public void Interrupt() => Assert.Equal(0, Kill(_process.Id, IgnoresInterrupts() ? Terminated : Interrupted));

    /// <summary>As <see cref="Interrupt"/>, where it has not ended by itself.</summary>
    public bool TryInterrupt() => Kill(_process.Id, IgnoresInterrupts() ? Terminated : Interrupted) == 0;

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private static bool IgnoresInterrupts()
    {
        const string Name = "SigIgn:";
        var ignored = File.Exists("/proc/self/status")
            ? File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal))
            : null;
        return ignored is not null
            && (ulong.Parse(ignored[Name.Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & (1 << (Interrupted - 1)))
                != 0;
    }

    private void Measure()
    {
        // The kernel's own high-water mark: nothing between two looks is missed.
        var status = $"/proc/{_process.Id}/status";
        try
        {
            var line = File.ReadLines(status).FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            if (line is not null)
            {
                PeakWorkingSet = Math.Max(
                    PeakWorkingSet,
                    1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)
                );
            }
        }
        catch (IOException)
        {
            // Ended meanwhile, or not Linux.
        }
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.Append(line).Append('\n');
            }
        }
    }

    private static string Locked(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
