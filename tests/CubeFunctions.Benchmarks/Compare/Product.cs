using System.Globalization;
using System.Text.Json;
using CubeFunctions.Tests.Support;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary>The published <c>cube</c> command.</summary>
/// <param name="folder">Where it is.</param>
/// <param name="isOurs">Whether the folder goes with it.</param>
internal sealed class Product(string folder, bool isOurs = false) : IDisposable
{
    /// <summary>Publishes the repository's own, for release.</summary>
    public static async Task<Product> PublishAsync()
    {
        // Outside of the repository: below it the command would read the local settings that lie there.
        var folder = Directory.CreateTempSubdirectory("cube-bench-product-").FullName;
        var project = Path.Combine(Repository.Root, "src", "CubeFunctions.Local");
        using var publish = MeasuredProcess.Start(
            "dotnet",
            ["publish", project, "-c", "Release", "-o", folder, "-v", "q", "--nologo"],
            new Dictionary<string, string>()
        );
        var end = await publish.EndAsync();
        return end.Code == 0
            ? new Product(folder, isOurs: true)
            : throw new InvalidOperationException($"the product could not be published: {end.Output}{end.Errors}");
    }

    public void Dispose()
    {
        if (isOurs)
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Starts a command on these pages and this storage.</summary>
    public MeasuredProcess Start(
        IReadOnlyList<string> arguments,
        PageServerProcess server,
        string storage,
        IReadOnlyDictionary<string, string>? settings = null
    )
    {
        var all = new Dictionary<string, string>
        {
            ["CubeStorage"] = storage,
            ["Cube__BaseUrl"] = server.BaseUrl,
            ["Cube__Token"] = "none",
            ["Sync__Feeds"] = string.Join(',', server.Tenant.Feeds),
            ["Sync__StartDate"] = Days.Oslo.AddDays(-server.Tenant.DaysBack).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        };
        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
        {
            all[name] = value;
        }

        return MeasuredProcess.Start(Path.Combine(folder, "cube"), arguments, all);
    }

    /// <summary>Runs <c>sync</c> to its end, and checks that it found all that the server has.</summary>
    public async Task<Sample> SyncAsync(
        PageServerProcess server,
        EmulatedStorage storage,
        int version = 0,
        bool countAllocations = false,
        IReadOnlyDictionary<string, string>? settings = null
    )
    {
        await server.ResetAsync(version);
        var mark = await storage.MarkAsync();
        var file = countAllocations ? Path.GetTempFileName() : null;
        var all = new Dictionary<string, string>(settings ?? new Dictionary<string, string>());
        if (file is not null)
        {
            all["DOTNET_STARTUP_HOOKS"] = typeof(Product).Assembly.Location;
            all[StartupHook.FileVariable] = file;
        }

        using var sync = Start(["sync", "--json"], server, storage.ConnectionString, all);
        var end = await sync.EndAsync();
        var records =
            end.Code == 0 ? JsonDocument.Parse(end.Output).RootElement.GetProperty("records").GetInt64() - server.Tenant.Campaigns : -1;
        if (records != server.Tenant.Records)
        {
            throw new InvalidOperationException(
                $"exit code {end.Code}, {records} of {server.Tenant.Records} records: {end.Errors}{end.Output}"
            );
        }

        var allocated = 0L;
        if (file is not null)
        {
            allocated = long.Parse(await File.ReadAllTextAsync(file), CultureInfo.InvariantCulture);
            File.Delete(file);
        }

        return new Sample(end, await server.StatsAsync(), await storage.ReadAsync(mark), allocated);
    }
}
