namespace CubeFunctions.Core.Model;

/// <summary>What a failure says of trying again.</summary>
internal enum FailureKind
{
    /// <summary>The other side may take it later.</summary>
    Transient,

    /// <summary>It fails the same way however often it is tried.</summary>
    Permanent,

    /// <summary>Our own storage, or a token for it, could not be had. No unit of work dies of it.</summary>
    Trouble,

    /// <summary>The other side wants nothing before an instant, or before a person says so.</summary>
    Suspended,

    /// <summary>Nobody foresaw it.</summary>
    Unexpected,
}

/// <summary>Why a unit of work failed.</summary>
/// <param name="Kind">What it says of trying again.</param>
/// <param name="Reason">In words, for the unit's row. Holds no personal data.</param>
internal sealed record Failure(FailureKind Kind, string Reason)
{
    /// <summary>How long the other side asks to be left alone; null where it does not say.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>The end of a suspension; <see cref="DateTimeOffset.MaxValue"/> where a person has to end it.</summary>
    public DateTimeOffset Until { get; private init; }

    public static Failure Transient(string reason, TimeSpan? retryAfter = null) =>
        new(FailureKind.Transient, reason) { RetryAfter = retryAfter };

    public static Failure Permanent(string reason) => new(FailureKind.Permanent, reason);

    public static Failure Trouble(string reason) => new(FailureKind.Trouble, reason);

    public static Failure Suspended(string reason, DateTimeOffset until) => new(FailureKind.Suspended, reason) { Until = until };

    /// <summary>The type alone is named: a message could hold anything.</summary>
    public static Failure Unexpected(Exception exception) => new(FailureKind.Unexpected, $"Unexpected: {exception.GetType().Name}");
}
