namespace CubeFunctions.Core.Model;

/// <summary>What a unit's row keeps of its failures.</summary>
/// <param name="Attempts">Failures in a row that count.</param>
/// <param name="FailingSince">When the first of them was; null where there is none.</param>
internal readonly record struct FailureHistory(int Attempts, DateTimeOffset? FailingSince);

/// <summary>What becomes of a unit that failed.</summary>
internal abstract record Recovery
{
    private Recovery() { }

    /// <summary>It is tried again.</summary>
    /// <param name="Delay">After this long.</param>
    /// <param name="Next">What its row keeps.</param>
    internal sealed record RetryAfter(TimeSpan Delay, FailureHistory Next) : Recovery;

    /// <summary>It is a dead letter, until a person replays or drops it.</summary>
    /// <param name="Reason">Why, for its row.</param>
    internal sealed record DeadLetter(string Reason) : Recovery;

    /// <summary>It waits, without having used up an attempt.</summary>
    /// <param name="Instant">Until then; <see cref="DateTimeOffset.MaxValue"/> where a person has to end it.</param>
    internal sealed record SuspendUntil(DateTimeOffset Instant) : Recovery;
}
