namespace CubeFunctions.Benchmarks.Compare.Jobs;

/// <summary>First runs: what a sync costs beyond getting pages and storing them.</summary>
internal static class RunJobs
{
    public const int PageBytes = 359_000;
    public const int RecordsPerPage = 500;
    private const int Campaigns = 40;
    private const int PagesPerCampaign = 25;

    public static Job FirstRun { get; } =
        new(
            "first-run",
            "First run, 40 campaigns of 25 pages, 50 ms a page",
            async bench =>
            {
                var pairs = await bench.CompareAsync(Many(bench, delayMs: 50));
                return
                [
                    pairs.Ratio("wall", "s", one => one.Wall, atMost: 1.10),
                    pairs.Ratio("CPU", "s", one => one.Cpu, atMost: 1.6),
                    .. Beside(pairs),
                ];
            }
        );

    public static Job FirstRunWithoutDelay { get; } =
        new(
            "first-run-0ms",
            "First run, 40 campaigns of 25 pages, no delay",
            async bench =>
            {
                var pairs = await bench.CompareAsync(Many(bench, delayMs: 0));
                return
                [
                    pairs.Ratio("wall", "s", one => one.Wall, atMost: 1.25),
                    pairs.Ratio("CPU", "s", one => one.Cpu, atMost: 2),
                    .. Beside(pairs),
                ];
            }
        );

    /// <summary>The floor follows <c>next</c> here, as the documents tell a client to.</summary>
    public static Job OneFeed { get; } =
        new(
            "one-feed",
            "One feed of 500 pages, 50 ms a page, against following next",
            async bench =>
            {
                var pairs = await bench.CompareAsync(
                    new Tenant(["customers"], 1, bench.Sized(500, 10), RecordsPerPage, PageBytes, 50),
                    FloorMode.Follow
                );
                return
                [
                    pairs.Ratio("wall", "s", one => one.Wall) with
                    {
                        Figure = Figure.Speedup,
                        AtLeast = 6,
                    },
                    pairs.Alone("before the first page", "s", one => one.ToFirstPage),
                    pairs.Alone("first page to last", "s", one => one.Crawl),
                    pairs.Alone("after the last page", "s", one => one.AfterLastPage),
                ];
            }
        );

    public static Job Transactions { get; } =
        new(
            "transactions",
            "Storage transactions of a first run, 40 campaigns of 25 pages",
            async bench =>
            {
                var pairs = await bench.CompareAsync(
                    new Tenant(["callflow_customers"], bench.Sized(Campaigns), PagesPerCampaign, 50, 36_000, 0)
                );
                return [pairs.Value("transactions a page", "", one => one.PerPage(one.Storage.Count), atMost: 1.36), .. Kinds(pairs)];
            }
        );

    public static Job Allocated { get; } =
        new(
            "allocated",
            "Allocated for each page more, start-up left out",
            async bench =>
            {
                var tenant = Many(bench, delayMs: 0);
                var few = await bench.CompareAsync(tenant with { Pages = PagesPerCampaign / 5 }, countAllocations: true);
                var many = await bench.CompareAsync(tenant, countAllocations: true);
                return
                [
                    More("allocated a page", "KB", few, many, one => one.Allocated / 1000d) with
                    {
                        Figure = Figure.Value,
                        AtMost = 100,
                    },
                ];
            }
        );

    public static Job Memory { get; } =
        new(
            "memory",
            "Peak memory by the number of pages",
            async bench =>
            {
                var rows = new List<Row>();
                var all = new List<Pairs>();
                foreach (var pages in new[] { 5, 50, 500 })
                {
                    // The largest fills a disk with 7 GB and takes minutes: once is enough, since memory differs little from run to run.
                    var turns = pages > 50 ? bench with { Pairs = 1 } : bench;
                    var tenant = Many(bench, delayMs: 0) with { Campaigns = Campaigns, Pages = Math.Max(1, bench.Sized(pages)) };
                    var pairs = await turns.CompareAsync(tenant, onDisk: true);
                    rows.Add(pairs.Value($"peak, {tenant.TotalPages} pages", "MB", one => one.PeakMegabytes, atMost: 200));
                    rows.Add(pairs.Value("... of which heap, stacks and generated code", "MB", one => one.PeakOwnMegabytes));
                    all.Add(pairs);
                }

                return
                [
                    .. rows,
                    Growth("growth from the fewest pages to the most", static pairs => pairs.Products) with
                    {
                        AtMost = 1.10,
                    },
                    Growth("... of the floor, which keeps nothing", static pairs => pairs.Floors),
                ];

                Row Growth(string what, Func<Pairs, List<Sample>> side) =>
                    new(what, "", [Peak(side(all[0]))], [Peak(side(all[^1]))]) { Figure = Figure.Ratio };

                static double Peak(List<Sample> samples) => Row.Median(samples.Select(one => one.PeakMegabytes));
            }
        );

    /// <summary>
    /// Issue 11: what a page costs, free of start-up, and how many passes of a tokeniser over the same page that is worth.
    /// </summary>
    public static Job CpuPerPage { get; } =
        new(
            "cpu-per-page",
            "CPU of a sync for each page more, start-up left out",
            async bench =>
            {
                var tenant = Many(bench, delayMs: 0);
                var few = await bench.CompareAsync(tenant with { Pages = PagesPerCampaign / 5 });
                var many = await bench.CompareAsync(tenant);
                var pass = Tokenising.MillisecondsAPage(tenant);
                var rows = new List<Row>
                {
                    More("CPU a page", "ms", few, many, one => one.Cpu * 1000),
                    new("one pass of Utf8JsonReader over a page", "ms", [], [pass]),
                };
                double[] passes = [.. rows[0].Products.Zip(rows[0].Floors, (product, floor) => (product - floor) / pass)];
                rows.Add(new Row("CPU a page beyond the floor's, in such passes", "", [], passes));
                if (bench.Before is { } before)
                {
                    var fewInTurn = await bench.CompareWithAsync(before, tenant with { Pages = PagesPerCampaign / 5 });
                    var manyInTurn = await bench.CompareWithAsync(before, tenant);
                    rows.Add(
                        More("CPU a page, the publish before in the floor's place", "ms", fewInTurn, manyInTurn, one => one.Cpu * 1000) with
                        {
                            AtMost = 1,
                        }
                    );
                }

                return rows;
            }
        );

    /// <summary>What an item's transactions are for; what is less than one in a hundred items is left out.</summary>
    public static IEnumerable<Row> Purposes(Pairs pairs, int items) =>
        Purposes([.. pairs.Products.Select(static product => product.Storage.All)], items);

    /// <inheritdoc cref="Purposes(Pairs, int)"/>
    /// <param name="samples">Transactions, a list a sample.</param>
    /// <param name="items">Items that each sample has.</param>
    public static IEnumerable<Row> Purposes(IReadOnlyList<IReadOnlyList<Transaction>> samples, int items) =>
        samples
            .SelectMany(static sample => sample, static (_, one) => one.Purpose)
            .CountBy(static purpose => purpose)
            .Where(count => count.Value * 100 > items * samples.Count)
            .OrderByDescending(static count => count.Value)
            .Select(count => new Row(
                $"... {count.Key}",
                "",
                [],
                [.. samples.Select(sample => (double)sample.Count(one => one.Purpose == count.Key) / items)]
            ));

    public static IReadOnlyList<Row> Kinds(Pairs pairs) =>
        [
            .. Enum.GetValues<TransactionKind>()
                .Select(kind => pairs.Value($"{kind} a page", "", one => one.PerPage(one.Storage.CountOf(kind)))),
        ];

    private static Tenant Many(Bench bench, int delayMs) =>
        new(["callflow_customers"], bench.Sized(Campaigns), PagesPerCampaign, RecordsPerPage, PageBytes, delayMs);

    private static Row[] Beside(Pairs pairs) =>
        [
            pairs.Value("peak memory", "MB", one => one.PeakMegabytes),
            pairs.Value("transactions a page", "", one => one.PerPage(one.Storage.Count)),
        ];

    /// <summary>The difference of two sizes, by the pages that they differ in.</summary>
    private static Row More(string what, string unit, Pairs few, Pairs many, Func<Sample, double> figure)
    {
        return new Row(what, unit, Differences(few.Floors, many.Floors), Differences(few.Products, many.Products))
        {
            Figure = Figure.Ratio,
        };

        double[] Differences(List<Sample> less, List<Sample> more) =>
            [.. less.Zip(more, (small, large) => (figure(large) - figure(small)) / (large.Server.Pages - small.Server.Pages))];
    }
}
