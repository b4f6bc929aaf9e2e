using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Storage;

/// <summary>One run of one task of the janitor.</summary>
public sealed partial class JanitorRound
{
    private readonly string _task;
    private readonly ILogger _logger;

    internal JanitorRound(string task, bool force, ILogger logger) => (_task, Force, _logger) = (task, force, logger);

    /// <summary>Whether a person asked for it: what usually waits for its time goes at once.</summary>
    public bool Force { get; }

    /// <summary>How many rows failed.</summary>
    public int Failed { get; private set; }

    /// <summary>Does something with each row. One that fails is logged and counted, and does not stop the others.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="action">What to do with one.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="Exception">Storage is in trouble: the others would fail as well.</exception>
    public async Task EachAsync<T>(IAsyncEnumerable<T> rows, Func<T, CancellationToken, Task> action, CancellationToken cancellationToken)
    {
        await foreach (var row in rows.WithCancellation(cancellationToken))
        {
            try
            {
                await action(row, cancellationToken);
            }
            catch (Exception exception)
                when (!cancellationToken.IsCancellationRequested && !StorageErrors.IsTrouble(exception, cancellationToken))
            {
                Failed++;
                LogRowFailed(_logger, _task, ErrorInfo.From(exception));
            }
        }
    }

    /// <inheritdoc cref="EachAsync{T}(IAsyncEnumerable{T}, Func{T, CancellationToken, Task}, CancellationToken)"/>
    public Task EachAsync<T>(IEnumerable<T> rows, Func<T, CancellationToken, Task> action, CancellationToken cancellationToken) =>
        EachAsync(rows.ToAsyncEnumerable(), action, cancellationToken);

    [LoggerMessage(142, LogLevel.Error, "Janitor task {Task}: a row failed: {Error}")]
    private static partial void LogRowFailed(ILogger logger, string task, ErrorInfo error);
}
