namespace CubeFunctions.Benchmarks.Compare.Jobs;

/// <summary>Runs after the first: what an unchanged tenant costs, and one of which a hundredth has changed.</summary>
internal static class LaterRunJobs
{
    public static Job Unchanged { get; } =
        new(
            "unchanged",
            "Nothing changed, 200 campaigns",
            async bench =>
            {
                var tenant = new Tenant(["callflow_customers"], bench.Sized(200), 1, 50, 36_000, 0);
                var pairs = await bench.CompareSecondRunAsync(tenant, version: 0);
                return
                [
                    pairs.Value("CPU", "s", one => one.Cpu, atMost: 1.2),
                    pairs.Alone("transactions an item", "", one => (double)one.Storage.Count / tenant.Items, atMost: 7),
                    .. RunJobs.Purposes(pairs, tenant.Items),
                    pairs.Alone("blobs written beside the run's own", "", one => one.Storage.All.Count(IsForeignWrite), atMost: 0),
                ];
            }
        );

    /// <summary>Changes come in clusters, as an import or a day's calls leave them: every tenth page, a tenth of its records.</summary>
    public static Job Million { get; } =
        new(
            "million",
            "1,000,000 customers, 1 % changed, against GET and SHA-256 of the same pages",
            async bench =>
            {
                var tenant = new Tenant(["customers"], 1, bench.Sized(2000, 10), RunJobs.RecordsPerPage, RunJobs.PageBytes, 0);
                var (pairs, kept) = await bench.CompareSecondRunAndStorageAsync(tenant, version: 1);
                return
                [
                    pairs.Ratio("CPU", "s", one => one.Cpu, atMost: 3),
                    kept.Ratio("CPU, against a floor that keeps each page as well", "s", one => one.Cpu),
                    pairs.Alone(
                        "stored pages read back, by pages with a change",
                        "",
                        one => one.Storage.All.Count(IsPageRead) / (double)tenant.ChangedPages,
                        atMost: 1
                    ),
                    pairs.Value("peak memory", "MB", one => one.PeakMegabytes, atMost: 350),
                    pairs.Ratio("wall", "s", one => one.Wall),
                ];
            }
        );

    /// <summary>The run's manifest is its own; everything else was there before.</summary>
    private static bool IsForeignWrite(Transaction one) =>
        one.Kind == TransactionKind.BlobWrite
        && !one.Path.Contains("restype=container", StringComparison.Ordinal)
        && !one.Path.StartsWith("cube-raw/runs/", StringComparison.Ordinal);

    private static bool IsPageRead(Transaction one) =>
        one.Kind == TransactionKind.BlobRead
        && one.Method == "GET"
        && one.Path.StartsWith("cube-raw/customers/", StringComparison.Ordinal)
        && one.Path.Contains("page-", StringComparison.Ordinal);
}
