namespace CubeFunctions.Core.Storage;

/// <summary>Where a shared flag is kept and how it behaves.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="Partition">Partition key of its row.</param>
/// <param name="Key">Row key of its row.</param>
public sealed record FlagDefinition(string Name, string Partition, string Key)
{
    /// <summary>The column that holds its end. Default <c>Until</c>.</summary>
    public string UntilColumn { get; init; } = "Until";

    /// <summary>How old what a process knows may be: a flag reaches every process within this time. Default 10 s.</summary>
    public TimeSpan RefreshEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest time from now that it can be raised for, unless until it is lifted. Default 1 h.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromHours(1);

    /// <summary>What is shorter, or longer than the stored one by less, stays in this process. Default zero.</summary>
    public TimeSpan WorthSharing { get; init; }

    /// <summary>Whether a process that begins takes it as down until its first refresh is due: saves one read. Default false.</summary>
    public bool DownAtStart { get; init; }

    /// <summary>What it is about, as a hash: a row about something else does not count. Null where there is only one thing.</summary>
    public string? Address { get; init; }
}

/// <summary>A flag that is up.</summary>
/// <param name="Until">Its end; <see cref="DateTimeOffset.MaxValue"/> where it lasts until it is lifted.</param>
/// <param name="Since">Since when it has been up without a break; null where that was not noted.</param>
/// <param name="Reason">Why, or null.</param>
/// <param name="AskedBy">Who asked for it, or null.</param>
public sealed record FlagState(DateTimeOffset Until, DateTimeOffset? Since, string? Reason, string? AskedBy)
{
    /// <summary>Whether only a person ends it.</summary>
    public bool UntilLifted => Until == DateTimeOffset.MaxValue;
}
