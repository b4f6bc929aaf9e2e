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
    private const int Accounts = 1000;
    private static readonly string Key = Convert.ToBase64String(
        new byte[64]
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
    public async Task<string> NewAccountAsync()
    {
        var process = await _process.Value;
        return process.ConnectionString(NameOf(Interlocked.Increment(ref _taken)), Key);
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

    private static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"test{number:D5}");

    private async Task<AzuriteProcess> StartAsync()
    {
        var installation = await AzuriteInstallation.EnsureAsync(Console.Error.WriteLine, CancellationToken.None);
        var accounts = string.Join(';', Enumerable.Range(1, Accounts).Select(number => $"{NameOf(number)}:{Key}"));
        return await AzuriteProcess.StartAsync(
            installation,
            Path.Combine(_folder, "azurite.log"),
            ["--inMemoryPersistence", "--silent"],
            new Dictionary<string, string>
            {
                ["AZURITE_ACCOUNTS"] = accounts,

                // Thousands of messages in a queue would take all of its time.
                ["NODE_OPTIONS"] = $"--require \"{Path.Combine(AppContext.BaseDirectory, "quick-removal.js").Replace('\\', '/')}\"",
            },
            CancellationToken.None
        );
    }
}
