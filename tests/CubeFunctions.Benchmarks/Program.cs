using BenchmarkDotNet.Running;
using CubeFunctions.Benchmarks;

var summaries = BenchmarkSwitcher.FromAssembly(typeof(AcceptBenchmarks).Assembly).Run(args);

// A benchmark that nobody has to look at: below the floor's share it fails.
return summaries.SelectMany(summary => summary.BenchmarksCases.Select(benchmark => ThroughputColumn.Of(summary, benchmark))).All(share => share >= AcceptBenchmarks.LeastThroughput) ? 0 : 1;
