using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace CubeFunctions.Benchmarks;

/// <summary>A benchmark's throughput as a share of its baseline's, the floor.</summary>
internal sealed class ThroughputColumn : IColumn
{
    public string Id => "throughput";

    public string ColumnName => "Throughput";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => "Requests a second, as a share of the floor's";

    /// <summary>The share; not a number where one of the two gave no result.</summary>
    public static double Of(Summary summary, BenchmarkCase benchmarkCase) =>
        Mean(summary, summary.BenchmarksCases.FirstOrDefault(other => other.Descriptor.Baseline)) / Mean(summary, benchmarkCase);

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
        Of(summary, benchmarkCase).ToString("0.00", CultureInfo.InvariantCulture);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    private static double Mean(Summary summary, BenchmarkCase? benchmarkCase) =>
        benchmarkCase is not null && summary[benchmarkCase]?.ResultStatistics is { } statistics ? statistics.Mean : double.NaN;
}
