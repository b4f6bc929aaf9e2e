using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Sync;

/// <summary>What a run shall read.</summary>
/// <param name="Kind">Why it is.</param>
/// <param name="Feeds">The feeds.</param>
public sealed record RunRequest(RunKind Kind, IReadOnlyList<Feed> Feeds)
{
    /// <summary>Chosen campaigns; empty for those of the settings.</summary>
    public IReadOnlyList<string> Campaigns { get; init; } = [];

    /// <summary>Chosen assignments; empty for those of the campaigns.</summary>
    public IReadOnlyList<string> Assignments { get; init; } = [];

    /// <summary>First day of a manual run; null for where the checkpoints stand.</summary>
    public DateOnly? From { get; init; }

    /// <summary>Last day of a manual run; null for today.</summary>
    public DateOnly? To { get; init; }

    /// <summary>Whether a manual run's changes go to the CRM.</summary>
    public bool Deliver { get; init; }

    /// <summary>The run that a tick of <c>Sync__Schedule</c> starts: the dated feeds.</summary>
    public static RunRequest Scheduled(IEnumerable<Feed> feeds) => new(RunKind.Scheduled, [.. feeds.Where(feed => feed.Dated)]);

    /// <summary>The run that a tick of <c>Sync__SnapshotSchedule</c> starts: the undated feeds.</summary>
    public static RunRequest Snapshot(IEnumerable<Feed> feeds) => new(RunKind.Snapshot, [.. feeds.Where(feed => !feed.Dated)]);
}

/// <summary>What came of starting a run.</summary>
/// <param name="RunId">The run, or the one that is active already.</param>
/// <param name="Skipped">True when a run of the kind is active already.</param>
/// <param name="Items">How many items were planned.</param>
public sealed record RunStart(string RunId, bool Skipped, int Items);
