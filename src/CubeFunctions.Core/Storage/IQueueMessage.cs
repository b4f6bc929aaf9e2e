using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace CubeFunctions.Core.Storage;

/// <summary>A message of one of our queues. It names rows to look at and holds no data.</summary>
/// <typeparam name="TSelf">The message itself.</typeparam>
public interface IQueueMessage<TSelf>
    where TSelf : class, IQueueMessage<TSelf>
{
    /// <summary>The queue that carries it.</summary>
    static abstract string Queue { get; }

    /// <summary>How it is written.</summary>
    static abstract JsonTypeInfo<TSelf> Json { get; }

    /// <summary>W3C trace context of the span that sent it, or null.</summary>
    string? Traceparent { get; }

    /// <summary>When it is to be handled; null in messages of earlier versions.</summary>
    DateTimeOffset? Due { get; }

    /// <summary>The same message, as it is sent now.</summary>
    /// <param name="traceparent">Trace context of the span that sends it; null where there is none.</param>
    /// <param name="due">When it is to be handled.</param>
    TSelf Sent(string? traceparent, DateTimeOffset due);

    /// <summary>Whether it is of a version that is known here, and names what it must.</summary>
    bool IsComplete();
}

/// <summary>Writes and reads messages.</summary>
internal static class QueueMessages
{
    public static string Write<T>(T message)
        where T : class, IQueueMessage<T> => JsonSerializer.Serialize(message, T.Json);

    /// <summary>Reads a message.</summary>
    /// <exception cref="FormatException">It is no message of the queue.</exception>
    public static T Read<T>(string json)
        where T : class, IQueueMessage<T>
    {
        try
        {
            return JsonSerializer.Deserialize(json, T.Json) is { } message && message.IsComplete()
                ? message
                : throw new FormatException($"A message of {T.Queue} lacks what it must name, or is of another version.");
        }
        catch (JsonException exception)
        {
            throw new FormatException($"A message of {T.Queue} is no JSON.", exception);
        }
    }
}
