using System.Diagnostics;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Storage;

/// <summary>
/// Spans of messages, by OpenTelemetry's conventions for messaging. Storage queues carry no trace context: our messages do.
/// </summary>
internal static class MessageSpans
{
    /// <summary>Starts the span of one that is sent.</summary>
    public static Activity? StartSend(string queue) => Start("send", queue, ActivityKind.Producer, default, null);

    /// <summary>
    /// Starts the span of one that is handled: it goes on with the sender's trace. The host's own span of this invocation is of another
    /// trace; the two are linked,
    /// each to the other.
    /// </summary>
    public static Activity? StartProcess<T>(T message)
        where T : class, IQueueMessage<T>
    {
        var invocation = Activity.Current;
        if (!ActivityContext.TryParse(message.Traceparent, null, isRemote: true, out var sender) || invocation?.TraceId == sender.TraceId)
        {
            invocation = null;
        }

        invocation?.AddLink(new ActivityLink(sender));
        return Start("process", T.Queue, ActivityKind.Consumer, sender, invocation is null ? null : [new ActivityLink(invocation.Context)]);
    }

    private static Activity? Start(string operation, string queue, ActivityKind kind, ActivityContext parent, ActivityLink[]? links)
    {
        var span = CubeTraces.Source.StartActivity(kind, parent, links: links, name: $"{operation} {queue}");
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("messaging.system", "azure_storage_queues")
                .SetTag("messaging.destination.name", queue)
                .SetTag("messaging.operation.name", operation)
                .SetTag("messaging.operation.type", operation);
        }

        return span;
    }
}
