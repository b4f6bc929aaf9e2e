using System.Globalization;
using CubeFunctions.Local.Azurite;
using CubeFunctions.Tests.Support;
using Xunit;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace CubeFunctions.Tests.Support;

/// <summary>
/// One Azurite for the whole test run, with an account for each test, so that no test sees another's data. Started by the first that asks.
/// </summary>
public sealed class AzuriteFixture : IAsyncDisposable
{
    private static readonly string Key = Convert.ToBase64String(
        new byte[32]
            .Select((_, i) => (byte)(i * 7))
            .ToArray()
    );
    private readonly Lazy<Task<AzuriteProcess>> _process;
    private readonly string _folder = Directory.CreateTempSubdirectory("cube-tests-").FullName;
    private int _taken;

    public AzuriteFixture()
    {
        _process = new(StartAsync);

        // A test host that is ended from outside still runs this; one that is killed leaves Azurite to .ci/run.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(20));
    }

    /// <summary>The connection string of an account that nobody used before.</summary>
    /// <param name="clock">
    /// The clock of the test: where it runs several times as fast as the real one, messages that are sent for later come so many times as
    /// soon.
    /// </param>
    public async Task<string> NewAccountAsync(TimeProvider? clock = null)
    {
        var speed = clock is ShiftedClock { Speed: var times } ? times : 1;
        var process = await _process.Value;
        return process.ConnectionString(NameOf(Interlocked.Increment(ref _taken), speed), Key);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process.IsValueCreated)
        {
            await (await _process.Value).StopAsync();
        }

        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>An Azurite of its own whose log tells each request.</summary>
    internal static async Task<(AzuriteProcess Process, string Log)> StartLoggedAsync(string folder)
    {
        var installation = await AzuriteInstallation.EnsureAsync(Console.Error.WriteLine, TestContext.Current.CancellationToken);
        var log = Path.Combine(folder, "requests.log");
        return (
            await AzuriteProcess.StartAsync(installation, log, ["--inMemoryPersistence"], null, TestContext.Current.CancellationToken),
            log
        );
    }

    /// <summary>The name that <c>queue-clock.js</c> reads the speed from.</summary>
    private static string NameOf(int number, double speed) =>
        string.Create(CultureInfo.InvariantCulture, $"test{number:D5}")
        + (speed == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"x{speed}"));

    /// <summary>Loads a script of this folder before Azurite.</summary>
    private static string Preload(string script) => $"--require \"{Path.Combine(AppContext.BaseDirectory, script).Replace('\\', '/')}\"";

    private async Task<AzuriteProcess> StartAsync()
    {
        var installation = await AzuriteInstallation.EnsureAsync(Console.Error.WriteLine, CancellationToken.None);
        return await AzuriteProcess.StartAsync(
            installation,
            Path.Combine(_folder, "azurite.log"),
            ["--inMemoryPersistence", "--silent"],
            new Dictionary<string, string>
            {
                // The account that any-account.js takes the key of all others from.
                ["AZURITE_ACCOUNTS"] = $"test:{Key}",

                // Thousands of messages in a queue would take all of its time; and messages for later follow the clock of their test.
                ["NODE_OPTIONS"] = $"{Preload("any-account.js")} {Preload("quick-removal.js")} {Preload("queue-clock.js")}",
            },
            CancellationToken.None
        );
    }
}
