using System.Globalization;

namespace CubeFunctions.Core.Model;

/// <summary>The one answer to what happens after a failure. Pure: everything it goes by is a parameter.</summary>
internal static class Recoverability
{
    /// <summary>The longest time that another side can have us wait by one answer.</summary>
    public static TimeSpan LongestRetryAfter { get; } = TimeSpan.FromHours(1);

    /// <summary>Decides what becomes of a unit that failed.</summary>
    /// <param name="policy">The lane's policy.</param>
    /// <param name="failure">What happened.</param>
    /// <param name="history">What happened before, without this failure.</param>
    /// <param name="now">The time.</param>
    /// <param name="random">From 0 to below 1. Spreads delays by a fifth either way, so that what failed together does not come back
    /// together.</param>
    public static Recovery Decide(RecoveryPolicy policy, Failure failure, FailureHistory history, DateTimeOffset now, double random)
    {
        var delay = Backoff(policy, history.Attempts) * (0.8 + (0.4 * random));
        var since = history.FailingSince ?? now;
        switch (failure.Kind)
        {
            case FailureKind.Permanent:
                return new Recovery.DeadLetter(failure.Reason);
            case FailureKind.Suspended:
                return new Recovery.SuspendUntil(failure.Until);
            case FailureKind.Trouble:
                // Uses up nothing, and the time that storage was away is not held against the other side.
                return new Recovery.RetryAfter(delay, history with { FailingSince = null });
            case FailureKind.Transient when failure.RetryAfter > policy.SuspendOver:
                return new Recovery.SuspendUntil(now + Bound(failure.RetryAfter, delay));
        }

        if (
            history.Attempts
            >= Math.Min(policy.MaxAttempts ?? int.MaxValue, failure.Kind == FailureKind.Unexpected ? policy.MaxUnexpected : int.MaxValue)
        )
        {
            return new Recovery.DeadLetter(failure.Reason);
        }

        return now - since > policy.GiveUpAfter
            ? new Recovery.DeadLetter(
                string.Create(CultureInfo.InvariantCulture, $"{failure.Reason}, for {policy.GiveUpAfter.Value.TotalHours:0} hours")
            )
            : new Recovery.RetryAfter(Bound(failure.RetryAfter, delay), new(history.Attempts + 1, since));
    }

    /// <summary>
    /// How long to wait where the other side asked for a pause: at least the ordinary backoff, and no more than an hour by its word.
    /// </summary>
    /// <param name="asked">What it asked for; null for nothing.</param>
    /// <param name="backoff">The ordinary delay.</param>
    public static TimeSpan Bound(TimeSpan? asked, TimeSpan backoff) =>
        asked is not { } pause || pause <= backoff ? backoff
        : pause <= LongestRetryAfter ? pause
        : backoff > LongestRetryAfter ? backoff
        : LongestRetryAfter;

    /// <summary>The delay of a policy after so many failures, before it is spread.</summary>
    private static TimeSpan Backoff(RecoveryPolicy policy, int attempts)
    {
        var steps = policy.Ladder;
        if (attempts < steps.Count)
        {
            return steps[attempts];
        }

        // Beyond 2^30 any delay is longer than the longest.
        var doubled = steps[^1].TotalSeconds * Math.Pow(2, Math.Min(attempts - steps.Count + 1, 30));
        return TimeSpan.FromSeconds(Math.Min(doubled, policy.Longest.TotalSeconds));
    }
}
