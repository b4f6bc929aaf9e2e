using System.Globalization;
using System.Text;
using CubeFunctions.Local.Azurite;

namespace CubeFunctions.Benchmarks.Compare.Jobs;

/// <summary>What a webhook costs on its way in, and on its way to Cube.</summary>
internal static class UpsertJobs
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(400);

    /// <summary>
    /// The same benchmark as the micro-benchmark of that name, floor and product in turn, in this process: an HTTP server between would
    /// hide the difference.
    /// </summary>
    public static Job Accept { get; } =
        new(
            "accept",
            "Accepting webhooks, 64 at once, against their three storage requests",
            async bench =>
            {
                var batches = bench.Sized(40, 4);
                var (floors, products) = (new List<double>(), new List<double>());
                for (var pair = 0; pair < bench.Pairs; pair++)
                {
                    await using var storage = await EmulatedStorage.StartAsync();
                    Environment.SetEnvironmentVariable("CubeStorage", storage.ConnectionString);
                    var benchmarks = new AcceptBenchmarks();
                    await benchmarks.SetUpAsync();
                    await benchmarks.Floor();
                    await benchmarks.Endpoint();
                    var (floor, product) = (TimeSpan.Zero, TimeSpan.Zero);
                    for (var batch = 0; batch < batches; batch++)
                    {
                        floor += await TimeAsync(benchmarks.Floor);
                        product += await TimeAsync(benchmarks.Endpoint);
                        benchmarks.TakeAway();
                    }

                    benchmarks.CleanUp();
                    floors.Add(batches * AcceptBenchmarks.AtOnce / floor.TotalSeconds);
                    products.Add(batches * AcceptBenchmarks.AtOnce / product.TotalSeconds);
                }

                var slowest = Latencies.Of(nameof(AcceptBenchmarks.Endpoint)).Percentile(0.99, batches * AcceptBenchmarks.AtOnce);
                return
                [
                    new Row("webhooks a second", "", floors, products) { Figure = Figure.Ratio, AtLeast = 0.9 },
                    new Row("p99 of one at 64 at once", "s", [], [slowest.TotalSeconds]) { AtMost = 1 },
                ];
            }
        );

    /// <summary>
    /// One customer after the other, through the running app and to Cube. Looking for messages is counted once an upsert, however often an
    /// idle queue is looked at; everything else that storage was asked meanwhile counts.
    /// </summary>
    public static Job Deliver { get; } =
        new(
            "upsert",
            "Storage requests of an upsert, from webhook to Cube",
            async bench =>
            {
                var tenant = new Tenant(["customers"], 1, 1, 100, 40_000, 0);
                using var server = await PageServerProcess.StartAsync(tenant);
                await using var storage = await EmulatedStorage.StartAsync();
                await bench.Product.SyncAsync(server, storage);
                var port = AzuriteProcess.FreePorts(1)[0];
                using var app = bench.Product.Start(
                    ["dev", "--port", port.ToString(CultureInfo.InvariantCulture)],
                    server,
                    storage.ConnectionString,
                    Sender
                );
                await ShapeJobs.WaitAsync(() => Task.FromResult(app.Errors.Contains("Running at", StringComparison.Ordinal)));
                using var http = new HttpClient();
                http.DefaultRequestHeaders.Add("x-webhook-secret", Secret);
                var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/api/webhooks/bench"));

                // The first finds caches empty and the app's own start under way.
                var asked = new List<Transaction>();
                await DeliverAsync(0);
                await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
                asked.Clear();
                var counts = new List<double>();
                for (var number = 1; number <= bench.Sized(20, 5); number++)
                {
                    counts.Add(await DeliverAsync(number));
                }

                await app.StopAsync();
                return [new Row("storage requests an upsert", "", [], counts) { AtMost = 8 }, .. RunJobs.Purposes([asked], counts.Count)];

                async Task<double> DeliverAsync(int number)
                {
                    await server.ResetAsync();
                    var mark = await storage.MarkAsync();
                    var customer = Tenant.FirstNumber + number;
                    using var body = new StringContent(
                        $$"""{"customer_id":"C{{customer}}","city":"Voss"}""",
                        Encoding.UTF8,
                        "application/json"
                    );
                    using var answer = await http.PostAsync(address, body);
                    answer.EnsureSuccessStatusCode();
                    await ShapeJobs.WaitAsync(async () => (await server.StatsAsync()).Writes == 1);

                    // What follows the write: mailbox and event are settled, the message deleted.
                    await Task.Delay(Quiet, TimeProvider.System);
                    var all = (await storage.ReadAsync(mark)).All;
                    Transaction[] counted = [.. all.Where(static one => !one.IsReceive), all.First(static one => one.IsReceive)];
                    asked.AddRange(counted);
                    return counted.Length;
                }
            }
        );

    private const string Secret = "test-secret";

    private static readonly Dictionary<string, string> Sender = new()
    {
        ["Upserts__Senders__bench__Kind"] = "json",
        ["Upserts__Senders__bench__Secret"] = Secret,
        ["Upserts__Senders__bench__AssignmentId"] = Tenant.Assignment.ToString(CultureInfo.InvariantCulture),

        // No tick of a timer and no look for abandoned work in between.
        ["Sync__Schedule"] = "0 0 0 1 1 *",
        ["Sync__SnapshotSchedule"] = "0 0 0 1 1 *",
        ["Sync__LeaseSeconds"] = "3600",
    };

    private static async Task<TimeSpan> TimeAsync(Func<Task> batch)
    {
        var started = TimeProvider.System.GetTimestamp();
        await batch();
        return TimeProvider.System.GetElapsedTime(started);
    }
}
