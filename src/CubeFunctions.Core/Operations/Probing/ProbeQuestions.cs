using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Operations.Probing;

/// <summary>Asks Cube one thing at a time, as long as the probe may go on: within its number of requests, and while it is of use.</summary>
internal sealed class ProbeQuestions(ObservedConnection connection, ProbeFaults faults, ProbeState state, TimeProvider time)
{
    private const int MostRequests = 29;

    /// <summary>What one question may take: redirects count.</summary>
    private const int MostOfOne = 4;

    private readonly List<int> _times = [];

    /// <summary>Whether nothing more is to be asked.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Why the newest question had no answer; null where it had one, or was not asked.</summary>
    public CubeException? Failure { get; private set; }

    /// <summary>The median time of an answer, in milliseconds; null where there was none.</summary>
    public int? Median => _times.Count == 0 ? null : _times.Order().ElementAt(_times.Count / 2);

    /// <summary>Whether another question may be asked.</summary>
    public bool CanAsk => !Stopped && connection.Requests + MostOfOne <= MostRequests;

    /// <summary>Reads a page of a feed.</summary>
    /// <returns>The page, which the caller disposes, and its time; null where there is none.</returns>
    public async Task<(Page? Page, int Milliseconds)> TryReadAsync(
        Feed feed,
        string path,
        string query,
        CancellationToken cancellationToken
    )
    {
        Failure = null;
        if (!CanAsk)
        {
            return (null, 0);
        }

        var sent = time.GetTimestamp();
        try
        {
            var page = await connection.Client.GetPageAsync(feed, path, query, cancellationToken);
            var milliseconds = (int)time.GetElapsedTime(sent).TotalMilliseconds;
            _times.Add(milliseconds);
            return (page, milliseconds);
        }
        catch (CubeException exception)
        {
            Failure = exception;
            Note(exception);
            return (null, 0);
        }
    }

    /// <summary>Ends the probe with what a failure means.</summary>
    public void Stop(CubeException failure)
    {
        Stopped = true;
        state.Findings.Add(faults.Describe(failure, connection.Certificate));
    }

    /// <summary>Ends the probe where going on would be of no use, or would hurt.</summary>
    public void Note(CubeException failure)
    {
        var isFinal =
            failure.Kind == CubeFailureKind.Unauthorised
            || failure.RetryAfter is not null
            || failure.Status is System.Net.HttpStatusCode.TooManyRequests
            || (failure.Kind == CubeFailureKind.Transient && failure.Status is null && connection.Answers == 0);
        if (isFinal && !Stopped)
        {
            Stop(failure);
        }
    }
}
