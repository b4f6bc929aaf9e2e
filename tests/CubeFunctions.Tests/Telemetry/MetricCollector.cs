using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Tests.Telemetry;

/// <summary>
/// What the product measures within one test: a measurement belongs to the test in whose flow it is made, whatever runs beside it.
/// </summary>
internal sealed class MetricCollector : IDisposable
{
    private static readonly AsyncLocal<MetricCollector?> Current = new();
    private readonly ConcurrentQueue<(string Metric, double Value, string Tags)> _measured = new();
    private readonly MeterListener _listener = new();

    public MetricCollector()
    {
        Current.Value = this;
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == CubeMetrics.MeterName)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>The sum of what was measured with all of these tags, each <c>name=value</c>.</summary>
    public double Sum(Instrument instrument, params string[] tags) => Values(instrument, tags).Sum();

    /// <summary>How often it was measured.</summary>
    public int Count(Instrument instrument, params string[] tags) => Values(instrument, tags).Count();

    /// <summary>What was measured last.</summary>
    public double Last(Instrument instrument, params string[] tags) => Values(instrument, tags).Last();

    public void Dispose() => _listener.Dispose();

    private IEnumerable<double> Values(Instrument instrument, string[] tags) =>
        _measured
            .Where(entry =>
                entry.Metric == instrument.Name && Array.TrueForAll(tags, tag => entry.Tags.Contains($" {tag} ", StringComparison.Ordinal))
            )
            .Select(entry => entry.Value);

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (Current.Value == this)
        {
            _measured.Enqueue((instrument.Name, value, $" {string.Join("  ", tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))} "));
        }
    }
}
