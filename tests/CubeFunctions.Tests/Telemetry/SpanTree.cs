using Xunit;

namespace CubeFunctions.Tests.Telemetry;

/// <summary>The spans that arrived, by what is above them.</summary>
internal sealed class SpanTree(IEnumerable<OtlpSpan> spans)
{
    private readonly Dictionary<string, OtlpSpan> _byId = spans.ToDictionary(span => span.Id);

    /// <summary>Requests to a server of the test, as spans, by the port that it listens on.</summary>
    public List<OtlpSpan> Requests(Uri server) =>
        [
            .. _byId.Values.Where(span =>
                span.Kind == OtlpSpan.Client && span["server.port"] == $"{server.Port}" && span.Tags.ContainsKey("http.request.method")
            ),
        ];

    /// <summary>The span and all above it, as far as they arrived.</summary>
    public IEnumerable<OtlpSpan> Above(OtlpSpan span)
    {
        for (var next = span; next is not null; next = _byId.GetValueOrDefault(next.Parent))
        {
            Assert.Equal(span.Trace, next.Trace);
            yield return next;
        }
    }

    /// <summary>The uppermost span of a trace, seen from one below.</summary>
    public OtlpSpan Root(OtlpSpan span) => Above(span).Last();
}
