using BenchmarkDotNet.Running;
using CubeFunctions.Benchmarks;

BenchmarkSwitcher.FromAssembly(typeof(AcceptBenchmarks).Assembly).Run(args);
