using System.Globalization;
using System.Text.Json;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary>Runs <see cref="FloorRunner"/> as a process.</summary>
internal static class Floor
{
    public static async Task<Sample> RunAsync(
        PageServerProcess server,
        EmulatedStorage storage,
        FloorMode mode,
        int version = 0,
        bool countAllocations = false
    )
    {
        await server.ResetAsync(version);
        var mark = await storage.MarkAsync();
        var order = new FloorOrder(server.BaseUrl, storage.ConnectionString, mode, server.Tenant, Days.Oslo);
        var file = Path.GetTempFileName();
        var settings = countAllocations
            ? new Dictionary<string, string>
            {
                ["DOTNET_STARTUP_HOOKS"] = typeof(Floor).Assembly.Location,
                [StartupHook.FileVariable] = file,
            }
            : [];
        using var process = MeasuredProcess.Start(
            PageServerProcess.Program,
            [FloorRunner.Verb, JsonSerializer.Serialize(order, CompareJson.Default.FloorOrder)],
            settings
        );
        var end = await process.EndAsync();
        var report = end.Code == 0 ? JsonSerializer.Deserialize(end.Output, CompareJson.Default.FloorReport) : null;
        if (report?.Pages != server.Tenant.TotalPages)
        {
            throw new InvalidOperationException($"the floor read {report?.Pages} of {server.Tenant.TotalPages} pages: {end.Errors}");
        }

        var allocated = countAllocations ? long.Parse(await File.ReadAllTextAsync(file), CultureInfo.InvariantCulture) : 0;
        File.Delete(file);
        return new Sample(end, await server.StatsAsync(), await storage.ReadAsync(mark), allocated);
    }
}
