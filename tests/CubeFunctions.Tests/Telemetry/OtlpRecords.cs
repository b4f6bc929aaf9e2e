namespace CubeFunctions.Tests.Telemetry;

/// <summary>A span as it arrived.</summary>
/// <param name="Source">The trace source.</param>
/// <param name="Trace">Trace id.</param>
/// <param name="Id">Span id.</param>
/// <param name="Parent">Id of the span above; empty where there is none.</param>
/// <param name="Name">Its name.</param>
/// <param name="Kind">1 internal, 2 server, 3 client, 4 producer, 5 consumer.</param>
/// <param name="Tags">Attributes.</param>
/// <param name="Links">Trace ids of links.</param>
/// <param name="Start">When it began, in nanoseconds.</param>
internal sealed record OtlpSpan(
    string Source,
    string Trace,
    string Id,
    string Parent,
    string Name,
    int Kind,
    IReadOnlyDictionary<string, string> Tags,
    IReadOnlyList<string> Links,
    ulong Start
)
{
    public const int Server = 2;
    public const int Client = 3;
    public const int Consumer = 5;

    public string this[string tag] => Tags.GetValueOrDefault(tag, "");
}

/// <summary>A log record as it arrived. 17 is an error.</summary>
internal sealed record OtlpLog(int Severity, string Text, string Trace, string Category)
{
    public const int Error = 17;
}

/// <summary>A point of a metric as it arrived: the value of a gauge or sum, the count of a histogram.</summary>
internal sealed record OtlpPoint(string Metric, double Value, IReadOnlyDictionary<string, string> Tags);
