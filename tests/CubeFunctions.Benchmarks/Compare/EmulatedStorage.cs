using CubeFunctions.Local.Azurite;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary>
/// An Azurite for one measurement: none pays for the blobs and rows of the one before. Its log has a line for each transaction.
/// </summary>
internal sealed class EmulatedStorage : IAsyncDisposable
{
    private static readonly TimeSpan Settled = TimeSpan.FromMilliseconds(150);
    private readonly string _folder;
    private readonly AzuriteProcess _process;

    private EmulatedStorage(string folder, AzuriteProcess process) => (_folder, _process) = (folder, process);

    public string ConnectionString => _process.ConnectionString();

    private string Log => Path.Combine(_folder, "requests.log");

    /// <param name="onDisk">Whether pages go to disk: some jobs store more than memory holds.</param>
    public static async Task<EmulatedStorage> StartAsync(bool onDisk = false)
    {
        var folder = Directory.CreateTempSubdirectory("cube-bench-").FullName;
        var installation = await AzuriteInstallation.EnsureAsync(Console.Error.WriteLine, CancellationToken.None);
        var process = await AzuriteProcess.StartAsync(
            installation,
            Path.Combine(folder, "requests.log"),
            onDisk ? ["--location", folder] : ["--inMemoryPersistence"],
            new Dictionary<string, string>
            {
                // As in the tests: thousands of messages in a queue would take all of the emulator's time.
                ["NODE_OPTIONS"] = $"--require \"{Path.Combine(AppContext.BaseDirectory, "quick-removal.js").Replace('\\', '/')}\"",
            },
            CancellationToken.None
        );
        return new EmulatedStorage(folder, process);
    }

    /// <summary>The transactions since the log was as long as <paramref name="from"/>.</summary>
    public async Task<Transactions> ReadAsync(long from)
    {
        await MarkAsync();
        return Transactions.Read(Log, from);
    }

    /// <summary>The log's length, once it has stopped growing: the emulator writes its lines a little after it has answered.</summary>
    public async Task<long> MarkAsync()
    {
        for (var (length, before) = (new FileInfo(Log).Length, -1L); ; (length, before) = (new FileInfo(Log).Length, length))
        {
            if (length == before)
            {
                return length;
            }

            await Task.Delay(Settled, TimeProvider.System);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.StopAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
