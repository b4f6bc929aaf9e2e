using System.Collections.Concurrent;
using System.Diagnostics;

namespace CubeFunctions.Tests.Support;

/// <summary>Keeps all that the spans of this process say, whatever source they come from.</summary>
public sealed class SpanCollector : IDisposable
{
    private readonly ConcurrentQueue<(string Source, string Text)> _spans = new();
    private readonly ActivityListener _listener;

    public SpanCollector()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span => _spans.Enqueue((span.Source.Name, TextOf(span))),
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public IReadOnlyCollection<(string Source, string Text)> Spans => _spans;

    public void Dispose() => _listener.Dispose();

    private static string TextOf(Activity span) =>
        string.Join(
            '\n',
            [
                span.Source.Name,
                span.OperationName,
                span.DisplayName,
                span.StatusDescription,
                span.TraceStateString,
                .. TextOf(span.TagObjects),
                .. span.Baggage.Select(pair => $"{pair.Key}={pair.Value}"),
                .. span.Events.SelectMany(happened => TextOf(happened.Tags).Prepend(happened.Name)),
                .. span.Links.SelectMany(link => TextOf(link.Tags ?? [])),
            ]
        );

    private static IEnumerable<string> TextOf(IEnumerable<KeyValuePair<string, object?>> tags) =>
        tags.Select(tag => $"{tag.Key}={tag.Value}");
}
