namespace CubeFunctions.Benchmarks.Compare.Jobs;

/// <summary>What storage and compute cost, from counted transactions and list prices. No marks: prices are not ours.</summary>
internal static class CostJob
{
    private const double DaysAMonth = 30;
    private const double TicksADay = 96;
    private const double BytesOfARecord = (double)RunJobs.PageBytes / RunJobs.RecordsPerPage;

    public static Job Cost { get; } =
        new(
            "cost",
            "Cost by list prices, from counted transactions",
            async bench =>
            {
                var prices = Prices.Read();
                var pages = new Tenant(["customers"], 1, bench.Sized(400, 20), RunJobs.RecordsPerPage, RunJobs.PageBytes, 0);
                var items = new Tenant(["responses"], bench.Sized(200, 5), 1, 10, 8_000, 0);
                var first = await bench.MeasureAsync(pages);
                var changed = await SecondAsync(bench, pages, version: 1);
                var tick = await SecondAsync(bench, items, version: 0);
                var tickOfItem = Single("a tick with nothing new, an item", [.. tick.Select(one => All(one) / items.Items)]);
                var rows = new List<Row>
                {
                    Single("first run, a million records: transactions", Each(first, OfTransactions)),
                    Single("first run, a million records: compute", Each(first, prices.OfCompute)),
                    Single("first run, a million records: a month of storage", [prices.OfCapacity(1e6 * BytesOfARecord)]),
                    Single("daily snapshot, 1 % changed, a million records: transactions", Each(changed, OfTransactions)),
                    Single("daily snapshot, 1 % changed, a million records: compute", Each(changed, prices.OfCompute)),
                    tickOfItem,
                };
                foreach (
                    var (name, campaigns, customers) in new[]
                    {
                        ("small", 5, 10_000d),
                        ("medium", 50, 100_000d),
                        ("large", 200, 1_000_000d),
                    }
                )
                {
                    // Two dated feeds a campaign at each tick; every customer read each night, and what changes stored for a month beside
                    // the
                    // first reading.
                    var snapshot = Row.Median(changed.Select(one => All(one) / pages.Records)) * customers * DaysAMonth;
                    var ticks = tickOfItem.Product * campaigns * 2 * TicksADay * DaysAMonth;
                    var stored = prices.OfCapacity(customers * BytesOfARecord * (1 + Restored(changed, pages)));
                    rows.Add(Single($"a month, {name}: {campaigns} campaigns, {customers:#,0} customers", [snapshot + ticks + stored]));
                    rows.Add(Single("... of which ticks every 15 minutes", [ticks]));
                }

                return rows;

                double OfTransactions(Sample one) => prices.OfTransactions(one.Storage);
                double All(Sample one) => OfTransactions(one) + prices.OfCompute(one);
                double[] Each(List<Sample> samples, Func<Sample, double> cost) =>
                    [.. samples.Select(one => cost(one) * 1e6 / pages.Records)];
                Row Single(string what, IReadOnlyList<double> figures) => new(what, prices.Currency, [], figures);
            }
        );

    /// <summary>How often the pages are stored again in a month of days of which each changes a hundredth.</summary>
    private static double Restored(List<Sample> changed, Tenant pages) =>
        DaysAMonth
        * Row.Median(
            changed.Select(one =>
                (double)
                    one.Storage.All.Count(write =>
                        write.Kind == TransactionKind.BlobWrite && write.Path.Contains("/page-", StringComparison.Ordinal)
                    ) / pages.Pages
            )
        );

    private static async Task<List<Sample>> SecondAsync(Bench bench, Tenant tenant, int version)
    {
        using var server = await PageServerProcess.StartAsync(tenant);
        var samples = new List<Sample>();
        for (var pair = 0; pair < bench.Pairs; pair++)
        {
            await using var storage = await EmulatedStorage.StartAsync();
            await bench.Product.SyncAsync(server, storage);
            samples.Add(await bench.Product.SyncAsync(server, storage, version));
        }

        return samples;
    }
}
