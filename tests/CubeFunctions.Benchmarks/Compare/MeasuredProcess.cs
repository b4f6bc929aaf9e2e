using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary>What a process took, by the kernel's accounts.</summary>
/// <param name="Code">Exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Errors">Standard error.</param>
/// <param name="StartedAt">Time stamp of its start.</param>
/// <param name="Wall">From start to end.</param>
/// <param name="Cpu">User and system time of the process and of what it started and waited for.</param>
/// <param name="PeakBytes">High-water mark of its resident memory.</param>
/// <param name="PeakOwnBytes">The most of that, looked at every 20 ms, that was no page of a file: heap, stacks and generated code.</param>
internal sealed record Measured(
    int Code,
    string Output,
    string Errors,
    long StartedAt,
    TimeSpan Wall,
    TimeSpan Cpu,
    long PeakBytes,
    long PeakOwnBytes
);

/// <summary>A child process whose time and memory are measured.</summary>
internal sealed partial class MeasuredProcess : IDisposable
{
    private const int Children = -1;
    private const int Terminate = 15;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly TimeSpan _cpuBefore = CpuOfChildren();
    private readonly long _started = Stopwatch.GetTimestamp();
    private long _peak;
    private long _peakOwn;

    private MeasuredProcess(ProcessStartInfo start)
    {
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Append(_errors, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Errors => Locked(_errors);

    /// <summary>Starts it in the temporary folder, with these settings and none of our own.</summary>
    public static MeasuredProcess Start(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> settings)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Path.GetTempPath(),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(IsSetting).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        return new MeasuredProcess(start);
    }

    /// <summary>Waits for its end. Meanwhile no other measured process may end: the kernel adds children up.</summary>
    public async Task<Measured> EndAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        var ended = _process.WaitForExitAsync(limit.Token);
        while (await Task.WhenAny(ended, Task.Delay(LookEvery, TimeProvider.System, limit.Token)) != ended)
        {
            ReadPeak();
        }

        await ended;
        return new Measured(
            _process.ExitCode,
            Locked(_output),
            Locked(_errors),
            _started,
            Stopwatch.GetElapsedTime(_started),
            CpuOfChildren() - _cpuBefore,
            _peak,
            _peakOwn
        );
    }

    /// <summary>Asks it to stop, and waits.</summary>
    public Task<Measured> StopAsync()
    {
        _ = Kill(_process.Id, Terminate);
        return EndAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private static bool IsSetting(string name) =>
        name.StartsWith("Cube", StringComparison.OrdinalIgnoreCase)
        || name.Contains("__", StringComparison.Ordinal)
        || name == "DOTNET_STARTUP_HOOKS";

    private static TimeSpan CpuOfChildren()
    {
        if (GetResourceUsage(Children, out var usage) != 0)
        {
            throw new InvalidOperationException("the kernel does not say what its children took");
        }

        return TimeSpan.FromSeconds(usage.UserSeconds + usage.SystemSeconds)
            + TimeSpan.FromMicroseconds(usage.UserMicroseconds + usage.SystemMicroseconds);
    }

    private void ReadPeak()
    {
        try
        {
            var kilobytes = File.ReadLines($"/proc/{_process.Id}/status")
                .Where(static line =>
                    line.StartsWith("VmHWM:", StringComparison.Ordinal) || line.StartsWith("Rss", StringComparison.Ordinal)
                )
                .Select(static line => line.Split([':', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
                .ToDictionary(static words => words[0], static words => long.Parse(words[1], CultureInfo.InvariantCulture));
            _peak = Math.Max(_peak, 1024 * kilobytes.GetValueOrDefault("VmHWM"));
            _peakOwn = Math.Max(_peakOwn, 1024 * (kilobytes.GetValueOrDefault("RssAnon") + kilobytes.GetValueOrDefault("RssShmem")));
        }
        catch (IOException)
        {
            // Ended meanwhile.
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

    [LibraryImport("libc", EntryPoint = "getrusage", SetLastError = true)]
    private static partial int GetResourceUsage(int who, out ResourceUsage usage);

    /// <summary>The <c>rusage</c> of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 18 * sizeof(long))]
    private struct ResourceUsage
    {
        public long UserSeconds;
        public long UserMicroseconds;
        public long SystemSeconds;
        public long SystemMicroseconds;
    }
}
