using System.Text.Json;
using BenchmarkDotNet.Running;
using CubeFunctions.Benchmarks;
using CubeFunctions.Benchmarks.Compare;

// The first two are processes that comparisons start: the server of fixed pages, and the floor.
return args switch
{
    [PageServer.Verb, var tenant] => await PageServer.RunAsync(JsonSerializer.Deserialize(tenant, CompareJson.Default.Tenant)!),
    [FloorRunner.Verb, var order] => await FloorRunner.RunAsync(JsonSerializer.Deserialize(order, CompareJson.Default.FloorOrder)!),
    [CompareCommand.Verb, .. var options] => await CompareCommand.Create().Parse(options).InvokeAsync(),
    _ => RunBenchmarks(args),
};

static int RunBenchmarks(string[] args)
{
    var summaries = BenchmarkSwitcher.FromAssembly(typeof(AcceptBenchmarks).Assembly).Run(args);

    // A benchmark that nobody has to look at: below the floor's share it fails.
    return summaries
        .SelectMany(summary => summary.BenchmarksCases.Select(benchmark => ThroughputColumn.Of(summary, benchmark)))
        .All(share => share >= AcceptBenchmarks.LeastThroughput)
        ? 0
        : 1;
}
