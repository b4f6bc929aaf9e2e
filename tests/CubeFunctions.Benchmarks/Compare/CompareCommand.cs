using System.CommandLine;
using System.Diagnostics;
using CubeFunctions.Benchmarks.Compare.Jobs;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary><c>compare</c>: whole runs of the product against a floor.</summary>
internal static class CompareCommand
{
    public const string Verb = "compare";

    private static readonly IReadOnlyList<Job> Jobs =
    [
        RunJobs.FirstRun,
        RunJobs.FirstRunWithoutDelay,
        RunJobs.OneFeed,
        LaterRunJobs.Unchanged,
        LaterRunJobs.Million,
        RunJobs.Memory,
        RunJobs.Allocated,
        ShapeJobs.Processes,
        ShapeJobs.Startup,
        RunJobs.Transactions,
        UpsertJobs.Accept,
        UpsertJobs.Deliver,
        ShapeJobs.ManyCampaigns,
        ShapeJobs.Gzip,
        RunJobs.CpuPerPage,
        CostJob.Cost,
    ];

    private static readonly Option<string[]> Names = new("--job")
    {
        Description = $"all, or one of: {string.Join(", ", Jobs.Select(job => job.Name))}; may be repeated.",
        DefaultValueFactory = _ => ["all"],
    };

    private static readonly Option<double> Scale = new("--scale")
    {
        Description = "Share of the full size, over 0 to 1.",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<int> Pairs = new("--pairs")
    {
        Description = "How often floor and product are measured in turn.",
        DefaultValueFactory = _ => 3,
    };

    private static readonly Option<string?> ProductFolder = new("--product")
    {
        Description = "A published cube to measure; without it the repository's is published.",
    };

    private static readonly Option<string?> BeforeFolder = new("--before")
    {
        Description = "A published cube of an earlier commit, which cpu-per-page compares with.",
    };

    private static readonly Option<bool> Markdown = new("--markdown") { Description = "Print the result as tables for RESULTS.md." };
    private static readonly Option<bool> MeasureOnly = new("--measure-only")
    {
        Description = "Do not fail below a mark, only where a job cannot be run: marks are set for the full size.",
    };

    public static Command Create()
    {
        var command = new Command(Verb, "Whole runs of the product against a floor, in turn; fails below a mark.")
        {
            Names,
            Scale,
            Pairs,
            ProductFolder,
            BeforeFolder,
            Markdown,
            MeasureOnly,
        };
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        var names = parsed.GetValue(Names)!;
        var unknown = names.Where(name => name != "all" && Jobs.All(job => job.Name != name)).ToList();
        var (scale, pairs) = (parsed.GetValue(Scale), parsed.GetValue(Pairs));
        if (unknown.Count > 0 || scale is not (> 0 and <= 1) || pairs < 1 || !OperatingSystem.IsLinux())
        {
            await Console.Error.WriteLineAsync(
                unknown.Count > 0
                    ? $"'{string.Join("', '", unknown)}' is no job; {Names.Description}"
                    : "--scale is over 0 to 1, --pairs 1 or more, and CPU and memory are read off Linux's own accounts"
            );
            return 2;
        }

        using var product = parsed.GetValue(ProductFolder) is { } folder
            ? new Product(Path.GetFullPath(folder))
            : await Product.PublishAsync();
        using var before = parsed.GetValue(BeforeFolder) is { } earlier ? new Product(Path.GetFullPath(earlier)) : null;
        var bench = new Bench(product, before, scale, pairs);
        var report = new Report(parsed.GetValue(Markdown));
        Report.Machine(bench);
        foreach (var job in Jobs.Where(job => names.Contains("all") || names.Contains(job.Name)))
        {
            await Console.Error.WriteLineAsync($"{job.Name}: {job.Title}");
            var started = Stopwatch.GetTimestamp();
            try
            {
                report.Add(job, await job.RunAsync(bench), Stopwatch.GetElapsedTime(started));
            }
            catch (Exception exception)
                when (exception is InvalidOperationException or TimeoutException or HttpRequestException or IOException)
            {
                report.Broke(job, exception);
            }
        }

        return report.End(parsed.GetValue(MeasureOnly));
    }
}
