using CubeFunctions.Core.Model;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Storage;

/// <summary>
/// What happens to a message that was delivered too often: it is counted, and what it names goes to its lane's dead-letter function.
/// </summary>
/// <remarks>
/// A barrier around every unit reschedules what throws, so what comes here has ended a process, or storage was away. The lane asks
/// <see cref="Recoverability"/> with an unexpected failure, so that a unit is dead only after several rounds.
/// </remarks>
public sealed partial class PoisonHandler(ILogger<PoisonHandler> logger)
{
    /// <summary>Handles a message of the poison queue of <typeparamref name="T"/>'s queue.</summary>
    /// <param name="message">The message as the host delivered it.</param>
    /// <param name="deadLetterAsync">Decides what becomes of what it names. What it throws has the message come again.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task HandleAsync<T>(string message, Func<T, CancellationToken, Task> deadLetterAsync, CancellationToken cancellationToken)
        where T : class, IQueueMessage<T>
    {
        CubeMetrics.Poison.Add(1, new KeyValuePair<string, object?>("queue", T.Queue));
        T parsed;
        try
        {
            parsed = QueueMessages.Read<T>(message);
        }
        catch (FormatException)
        {
            // The message cannot be acted on: the janitor sends a new one for the row that it was to name.
            LogUnreadable(logger, T.Queue);
            return;
        }

        await deadLetterAsync(parsed, cancellationToken);
    }

    [LoggerMessage(140, LogLevel.Error, "A poison message of {Queue} cannot be read")]
    private static partial void LogUnreadable(ILogger logger, string queue);
}
