using System.Collections.Concurrent;
using System.Diagnostics;

namespace CubeFunctions.Benchmarks;

/// <summary>What each single request took. BenchmarkDotNet measures batches, whose percentiles say nothing of a request's.</summary>
internal sealed class Latencies
{
    private static readonly ConcurrentDictionary<string, Latencies> All = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<long> _ticks = new();

    /// <summary>Those of a benchmark, by the name of its method.</summary>
    public static Latencies Of(string benchmark) => All.GetOrAdd(benchmark, static _ => new Latencies());

    public async Task MeasureAsync(Func<Task> request)
    {
        var started = Stopwatch.GetTimestamp();
        await request();
        _ticks.Enqueue(Stopwatch.GetTimestamp() - started);
    }

    /// <summary>The latency that a share of the last <paramref name="count"/> requests did not exceed: the ones before warmed up.</summary>
    public TimeSpan Percentile(double share, int count)
    {
        long[] ticks = [.. _ticks.TakeLast(count).Order()];
        return ticks.Length == 0
            ? TimeSpan.Zero
            : Stopwatch.GetElapsedTime(0, ticks[Math.Min(ticks.Length - 1, (int)Math.Ceiling(share * ticks.Length) - 1)]);
    }
}
