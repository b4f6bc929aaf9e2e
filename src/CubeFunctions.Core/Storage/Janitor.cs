using System.Collections.Concurrent;
using CubeFunctions.Core.Model;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Storage;

/// <summary>
/// Runs the tasks of all lanes that are due, one after the other in the order of their registration, each behind a barrier of its own.
/// </summary>
public sealed partial class Janitor(IEnumerable<IJanitorTask> tasks, TimeProvider time, ILogger<Janitor> logger)
{
    /// <summary>When each task last went through in this process.</summary>
    private readonly ConcurrentDictionary<string, DateTimeOffset> _done = new();

    /// <summary>Does one round.</summary>
    /// <param name="force">True to run every task, due or not, with <see cref="JanitorRound.Force"/>.</param>
    /// <param name="cancellationToken">Ends the round.</param>
    /// <returns>Names of the tasks that failed. They are due again in the next round.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(bool force, CancellationToken cancellationToken)
    {
        using var span = CubeTraces.Source.StartActivity("janitor");
        var failed = new List<string>();
        foreach (var task in tasks)
        {
            var began = time.GetUtcNow();
            if (!force && _done.TryGetValue(task.Name, out var last) && began - last < task.Interval)
            {
                continue;
            }

            var round = new JanitorRound(task.Name, force, logger);
            try
            {
                await task.RunAsync(round, cancellationToken);
                _done[task.Name] = began;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                LogTaskFailed(logger, task.Name, ErrorInfo.From(exception));
                failed.Add(task.Name);
                continue;
            }

            if (round.Failed > 0)
            {
                failed.Add(task.Name);
            }
        }

        return failed;
    }

    [LoggerMessage(141, LogLevel.Error, "Janitor task {Task} failed: {Error}")]
    private static partial void LogTaskFailed(ILogger logger, string task, ErrorInfo error);
}
