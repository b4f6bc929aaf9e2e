namespace CubeFunctions.Core.Model;

/// <summary>How one lane tries again. Data only: <see cref="Recoverability"/> applies it.</summary>
internal sealed record RecoveryPolicy
{
    private RecoveryPolicy() { }

    /// <summary>Delays by the number of failures before. After the last one they go on as <see cref="Longest"/> allows.</summary>
    public IReadOnlyList<TimeSpan> Ladder { get; private init; } = [];

    /// <summary>Where the ladder has ended each delay is twice the one before, up to this.</summary>
    public TimeSpan Longest { get; private init; }

    /// <summary>The unit is dead with the failure after so many; null for any number.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>The unit is dead when it has failed for longer; null for any time.</summary>
    public TimeSpan? GiveUpAfter { get; init; }

    /// <summary>
    /// The unit is dead with the unforeseen failure after so many failures. Default 5; <see cref="MaxAttempts"/> where that is less.
    /// </summary>
    public int MaxUnexpected { get; init; } = 5;

    /// <summary>A pause longer than this that the other side asks for suspends the unit and counts as no attempt; null for none.</summary>
    public TimeSpan? SuspendOver { get; init; }

    /// <summary>The given delays, one after the other; then the unit is dead.</summary>
    public static RecoveryPolicy Steps(params TimeSpan[] delays) =>
        new()
        {
            Ladder = delays,
            Longest = delays[^1],
            MaxAttempts = delays.Length,
        };

    /// <summary>Delays that double from <paramref name="first"/> to <paramref name="longest"/>, without an end unless one is set.</summary>
    public static RecoveryPolicy Exponential(TimeSpan first, TimeSpan longest) => new() { Ladder = [first], Longest = longest };
}
