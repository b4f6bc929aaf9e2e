namespace CubeFunctions.Core.Storage;

/// <summary>Something that is to be looked after now and then: work that crashed workers left, history that is too old.</summary>
public interface IJanitorTask
{
    /// <summary>Its name, for logs.</summary>
    string Name { get; }

    /// <summary>How long after a run that went through the next one is due; zero for every round.</summary>
    TimeSpan Interval { get; }

    /// <summary>Does it once. May be ended anywhere, and done by several processes at once.</summary>
    /// <param name="round">The round, with the barrier for single rows.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    Task RunAsync(JanitorRound round, CancellationToken cancellationToken);
}
