using System.Diagnostics;
using System.Globalization;

namespace CubeFunctions.Benchmarks.Compare.Jobs;

/// <summary>Runs of unusual shape: very small, very wide, packed, shared by several processes.</summary>
internal static class ShapeJobs
{
    public static Job Startup { get; } =
        new(
            "startup",
            "The smallest sync: one campaign, one page",
            async bench =>
            {
                var pairs = await (bench with { Pairs = Math.Max(5, bench.Pairs) }).CompareAsync(
                    new Tenant(["callflow_customers"], 1, 1, 10, 4_000, 0)
                );
                return
                [
                    pairs.Value("process start to first GET", "s", one => one.ToFirstRequest, atMost: 0.45),
                    pairs.Value("CPU of the whole command", "s", one => one.Cpu, atMost: 0.8),
                ];
            }
        );

    public static Job ManyCampaigns { get; } =
        new(
            "many-campaigns",
            "2,000 campaigns, 4,000 items, 8,000 nearly empty pages",
            async bench =>
            {
                var tenant = new Tenant(["responses", "sms"], bench.Sized(2000, 2), 1, 2, 1_000, 0);
                var pairs = await bench.CompareAsync(tenant);
                double[] beyond =
                [
                    .. pairs.Products.Zip(pairs.Floors, (product, floor) => (product.Cpu - floor.Cpu) * 1000 / tenant.Items),
                ];
                return
                [
                    pairs.Value("wall", "s", one => one.Wall, atMost: 90),
                    new Row("CPU an item beyond its pages", "ms", [], beyond) { AtMost = 12 },
                    pairs.Alone("transactions an item", "", one => (double)one.Storage.Count / tenant.Items, atMost: 10),
                    .. RunJobs.Purposes(pairs, tenant.Items),
                ];
            }
        );

    public static Job Gzip { get; } =
        new(
            "gzip",
            "Pages over the wire",
            async bench =>
            {
                var tenant = new Tenant(["callflow_customers"], bench.Sized(40), 25, RunJobs.RecordsPerPage, RunJobs.PageBytes, 0);
                var plain = await bench.MeasureAsync(tenant);
                var packed = await bench.MeasureAsync(tenant with { Gzip = true });
                return
                [
                    Packed("pages asked for packed", one => (double)one.Server.GzipAsked / one.Server.Pages) with
                    {
                        AtLeast = 1,
                    },
                    Packed("bytes on the wire by bytes of the pages", one => (double)one.Server.WireBytes / one.Server.Bytes) with
                    {
                        AtMost = 0.2,
                    },
                    Packed("CPU in s, plain pages as floor", one => one.Cpu) with
                    {
                        Floors = [.. plain.Select(one => one.Cpu)],
                        Figure = Figure.Ratio,
                    },
                ];

                Row Packed(string what, Func<Sample, double> figure) => new(what, "", [], [.. packed.Select(figure)]);
            }
        );

    /// <summary>
    /// Each process has two requests under way and each page takes 100 ms, so that it is waiting that is shared out and not the machine's
    /// cores. From the first page asked for to the end of the run: processes that wait for work cost no start.
    /// </summary>
    public static Job Processes { get; } =
        new(
            "processes",
            "One run shared by 1, 2 and 4 processes",
            async bench =>
            {
                var tenant = new Tenant(["callflow_customers"], bench.Sized(64, 8), 6, 50, 36_000, 100);
                var settings = new Dictionary<string, string> { ["Cube__MaxConcurrentRequests"] = "2" };
                var seconds = new Dictionary<int, List<double>>
                {
                    [1] = [],
                    [2] = [],
                    [4] = [],
                };
                using var server = await PageServerProcess.StartAsync(tenant);
                for (var pair = 0; pair < bench.Pairs; pair++)
                {
                    foreach (var (processes, all) in seconds)
                    {
                        await using var storage = await EmulatedStorage.StartAsync();
                        var helpers = Enumerable
                            .Range(1, processes - 1)
                            .Select(_ => bench.Product.Start(["work"], server, storage.ConnectionString, settings))
                            .ToList();
                        foreach (var helper in helpers)
                        {
                            await WaitAsync(() => Task.FromResult(helper.Errors.Contains("Working", StringComparison.Ordinal)));
                        }

                        var sample = await bench.Product.SyncAsync(server, storage, settings: settings);
                        all.Add(sample.Wall - sample.ToFirstPage);
                        foreach (var helper in helpers)
                        {
                            await helper.StopAsync();
                            helper.Dispose();
                        }

                        await Console.Error.WriteLineAsync(
                            string.Create(CultureInfo.InvariantCulture, $"  {processes} processes: {all[^1]:0.00} s")
                        );
                    }
                }

                return [new Row("1 process", "s", [], seconds[1]), Share(2, atLeast: null), Share(4, atLeast: 0.85)];

                Row Share(int processes, double? atLeast) =>
                    new(
                        $"{processes} processes, share of linear",
                        "",
                        [],
                        [.. seconds[1].Zip(seconds[processes], (one, many) => one / (processes * many))]
                    )
                    {
                        AtLeast = atLeast,
                    };
            }
        );

    /// <summary>Waits until another process has come so far.</summary>
    public static async Task WaitAsync(Func<Task<bool>> condition)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(60))
            {
                throw new TimeoutException("the product did not come so far within a minute");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }
}
