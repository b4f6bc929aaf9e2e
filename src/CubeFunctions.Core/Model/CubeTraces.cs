using System.Diagnostics;

namespace CubeFunctions.Core.Model;

/// <summary>Spans of the product. Names and tags hold routes, queues, feeds and kinds of failures, never a customer.</summary>
public static class CubeTraces
{
    /// <summary>Name of the one trace source.</summary>
    public const string SourceName = "CubeFunctions";

    internal static ActivitySource Source { get; } = new(SourceName);

    /// <summary>Links to the spans of W3C trace contexts, those of the trace at hand left out.</summary>
    internal static ActivityLink[] LinksTo(IEnumerable<string> traceparents) =>
        LinksTo(
            traceparents.Select(text => ActivityContext.TryParse(text, null, isRemote: true, out var context) ? context : default),
            Activity.Current?.TraceId
        );

    /// <summary>Links to other spans, those of one trace left out.</summary>
    internal static ActivityLink[] LinksTo(IEnumerable<ActivityContext> contexts, ActivityTraceId? but) =>
        [.. contexts.Where(context => context != default && context.TraceId != but).Select(context => new ActivityLink(context))];

    /// <summary>Marks a span as failed.</summary>
    /// <param name="span">The span, or null where nobody listens.</param>
    /// <param name="kind">What failed, as OpenTelemetry's <c>error.type</c>: a status, or the name of a failure or exception. No message:
    /// that is in the logs.</param>
    internal static void Fail(this Activity? span, string kind) => span?.SetTag("error.type", kind).SetStatus(ActivityStatusCode.Error);
}
