namespace CubeFunctions.Local.Hosting;

/// <summary>
/// How long an empty queue is left alone: the wait doubles from the shortest to the longest, after a first one at the start. Messages of
/// this process are seen at once.
/// </summary>
internal sealed record PollWaits(TimeSpan First, TimeSpan Shortest, TimeSpan Longest)
{
    /// <summary>For a process that waits for the work of others.</summary>
    public static PollWaits Eager { get; } = new(TimeSpan.Zero, TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(500));

    /// <summary>For a process that sends most of its work to itself; each look is a transaction to pay for.</summary>
    public static PollWaits Patient { get; } = new(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(30));

    /// <summary>For queues that are empty as a rule.</summary>
    public static PollWaits Seldom { get; } = new(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2));
}
