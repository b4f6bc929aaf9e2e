using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace CubeFunctions.Benchmarks;

/// <summary>A percentile of the latencies of single requests.</summary>
/// <param name="percentile">1 to 100.</param>
/// <param name="requests">How many requests count, the last ones.</param>
internal sealed class LatencyColumn(int percentile, int requests) : IColumn
{
    public string Id => $"request-p{percentile}";

    public string ColumnName => $"Request p{percentile}";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => percentile;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Time;

    public string Legend => $"{percentile} % of the requests took no longer";

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
        Latencies
            .Of(benchmarkCase.Descriptor.WorkloadMethod.Name)
            .Percentile(percentile / 100d, requests)
            .TotalMilliseconds.ToString("0.0 'ms'", CultureInfo.InvariantCulture);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);
}
