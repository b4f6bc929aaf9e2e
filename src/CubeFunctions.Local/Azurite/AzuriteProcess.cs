using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using CubeFunctions.Local.Hosting;

namespace CubeFunctions.Local.Azurite;

/// <summary>A running Azurite: its process and its ports for blobs, queues and tables.</summary>
/// <param name="Pid">Process id.</param>
/// <param name="Started">When the process started: ids are used again.</param>
/// <param name="Ports">Ports on the loopback address.</param>
internal sealed partial record AzuriteProcess(int Pid, DateTime Started, int[] Ports)
{
    private const string Account = "devstoreaccount1";

    /// <summary>The emulator's well-known key; no secret.</summary>
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private static readonly string[] Services = ["Blob", "Queue", "Table"];

    private const int Terminate = 15;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>The connection string of the emulator's own account, or of another one it was started with.</summary>
    public string ConnectionString(string account = Account, string key = Key) =>
        $"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={key};"
        + string.Join(
            ';',
            Services.Select(
                (name, i) => string.Create(CultureInfo.InvariantCulture, $"{name}Endpoint=http://127.0.0.1:{Ports[i]}/{account}")
            )
        )
        + ";";

    /// <summary>Starts Azurite and waits until it answers. Cancelled or failed, it leaves nothing running.</summary>
    /// <param name="installation">Folder of <see cref="AzuriteInstallation"/>.</param>
    /// <param name="log">File for its output.</param>
    /// <param name="options">Options besides hosts and ports.</param>
    /// <param name="environment">Variables besides our own.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <param name="launched">Takes note of the process before it answers: should this process die now, the next one finds it.</param>
    public static async Task<AzuriteProcess> StartAsync(
        string installation,
        string log,
        IReadOnlyList<string> options,
        IReadOnlyDictionary<string, string>? environment,
        CancellationToken cancellationToken,
        Action<AzuriteProcess>? launched = null
    )
    {
        const int Tries = 3;
        for (var attempt = 1; ; attempt++)
        {
            var ports = FreePorts(3);
            cancellationToken.ThrowIfCancellationRequested();
            using var process = await LaunchAsync(
                installation,
                log,
                [.. Addresses(ports), "--skipApiVersionCheck", "--disableTelemetry", .. options],
                environment
            );
            var azurite = new AzuriteProcess(process.Id, process.StartTime.ToUniversalTime(), ports);
            launched?.Invoke(azurite);
            try
            {
                if (await azurite.AnswersAsync(cancellationToken))
                {
                    return azurite;
                }
            }
            catch (OperationCanceledException)
            {
                await azurite.StopAsync();
                throw;
            }

            await azurite.StopAsync();
            if (attempt == Tries)
            {
                throw new LocalHostException($"Azurite did not start: {LastLines(log)}");
            }
        }
    }

    /// <summary>Waits until it answers.</summary>
    /// <returns>False where it is not this very process any more, or does not answer in time.</returns>
    public async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using var process = Find();
        var started = TimeProvider.System.GetTimestamp();
        while (process is not null && Same(process) && TimeProvider.System.GetElapsedTime(started) < StartLimit)
        {
            if (Ports.All(Answers))
            {
                return true;
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }

        return false;
    }

    /// <summary>Ends it, gently first: it saves its tables then.</summary>
    public async Task StopAsync()
    {
        using var process = Find();
        if (process is null || !Same(process))
        {
            return;
        }

        if (OperatingSystem.IsWindows() || Kill(Pid, Terminate) != 0)
        {
            process.Kill();
        }

        using var limit = new CancellationTokenSource(StopLimit, TimeProvider.System);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static string[] Addresses(int[] ports) =>
        [
            .. Services.SelectMany(
                (name, i) =>
                    new[]
                    {
                        $"--{name.ToLowerInvariant()}Host",
                        "127.0.0.1",
                        $"--{name.ToLowerInvariant()}Port",
                        ports[i].ToString(CultureInfo.InvariantCulture),
                    }
            ),
        ];

    /// <summary>Not to be cancelled: a moment, after which the process has a name and can be stopped.</summary>
    private static async Task<Process> LaunchAsync(
        string installation,
        string log,
        string[] arguments,
        IReadOnlyDictionary<string, string>? environment
    )
    {
        var program = Path.Combine(installation, "node_modules", "azurite", "dist", "src", "azurite.js");
        var start = new ProcessStartInfo("node", [Path.Combine(installation, "launch.js"), log, program, .. arguments])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using var launcher = Process.Start(start)!;
        var pid = await launcher.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await launcher.WaitForExitAsync(CancellationToken.None);
        try
        {
            return Process.GetProcessById(int.Parse(pid, CultureInfo.InvariantCulture));
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            throw new LocalHostException($"Azurite did not start: {LastLines(log)}", exception);
        }
    }

    /// <summary>Ports of the loopback address that nobody uses just now.</summary>
    internal static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        listeners.ForEach(listener => listener.Dispose());
        return ports;
    }

    private static bool Answers(int port)
    {
        using var client = new TcpClient();
        try
        {
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string LastLines(string log) => File.Exists(log) ? string.Join(' ', File.ReadLines(log).TakeLast(5)) : "no output";

    private Process? Find()
    {
        try
        {
            return Process.GetProcessById(Pid);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private bool Same(Process process)
    {
        try
        {
            // The kernel counts in hundredths of a second from boot; the two readings differ by rounding at most.
            return !process.HasExited && (process.StartTime.ToUniversalTime() - Started).Duration() < TimeSpan.FromSeconds(2);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
