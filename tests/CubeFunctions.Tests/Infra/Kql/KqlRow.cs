namespace CubeFunctions.Tests.Infra.Kql;

/// <summary>One row: values by the names of columns.</summary>
internal sealed class KqlRow(IReadOnlyDictionary<string, object?> values)
{
    public object? this[string column] =>
        values.TryGetValue(column, out var value) ? value : throw new KqlException($"There is no column '{column}' in a row.");

    /// <summary>The row with one more column, or another value in it.</summary>
    public KqlRow With(string column, object? value) =>
        new(new Dictionary<string, object?>(values, StringComparer.Ordinal) { [column] = value });

    /// <summary>A row of <c>customMetrics</c>, as the exporter of OpenTelemetry writes them.</summary>
    public static KqlRow Metric(DateTimeOffset timestamp, string name, double value, params (string Tag, string Value)[] tags) =>
        new(
            new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["timestamp"] = timestamp,
                ["name"] = name,
                ["value"] = value,
                ["customDimensions"] = tags.ToDictionary(tag => tag.Tag, tag => (object?)tag.Value, StringComparer.Ordinal),
            }
        );
}
