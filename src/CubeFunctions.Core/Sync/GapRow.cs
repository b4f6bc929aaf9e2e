using System.Runtime.Serialization;
using Azure;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>Where a day or a list that is short stands.</summary>
public enum GapState
{
    /// <summary>Short for less than a day: the checkpoint waits for it.</summary>
    Suspected,

    /// <summary>
    /// Short in the same way for a day, or in any way for two: the checkpoint goes on past it, and it is read again daily.
    /// </summary>
    Open,

    /// <summary>A person has accepted it: a day is read no more, a list is read on.</summary>
    Accepted,
}

/// <summary>
/// A day of one scope and feed, or the list of an undated one, that gives fewer records than Cube counts. In <c>CubeCheckpoints</c>, in the
/// partition of its scope.
/// </summary>
public sealed class GapRow : IStoredRow
{
    /// <summary>Begins the row keys.</summary>
    internal const string Prefix = "gap|";

    private const string SnapshotName = "snapshot";

    /// <summary>
    /// How long a day has to be short in the same way before the checkpoint goes on past it, and how often it is read from then on.
    /// </summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromHours(24);

    /// <summary>How long it may be short in changing ways: a tenant that is busy all day would wait for ever.</summary>
    internal static readonly TimeSpan PatienceWithChange = 2 * Patience;

    /// <summary>Daily, on a tick that comes a little early as well.</summary>
    private static readonly TimeSpan ReadAgainAfter = Patience - TimeSpan.FromMinutes(20);

    /// <summary>The scope, <c>campaign=17</c>.</summary>
    public string PartitionKey { get; set; } = "";

    /// <summary><c>gap|{feed}|{yyyy-MM-dd}</c>, or <c>gap|{feed}|snapshot</c>.</summary>
    public string RowKey { get; set; } = "";

    /// <inheritdoc />
    public DateTimeOffset? Timestamp { get; set; }

    /// <inheritdoc />
    public ETag ETag { get; set; }

    /// <inheritdoc />
    public string? WriteId { get; set; }

    /// <summary>Version of this row's format.</summary>
    public int SchemaVersion { get; set; } = 1;

    /// <summary>Where it stands.</summary>
    [IgnoreDataMember]
    public GapState State { get; set; }

    /// <summary><see cref="State"/> as the table holds it.</summary>
    [DataMember(Name = nameof(State))]
    public string StateName
    {
        get => State.ToString();
        set => State = RowEnum.Parse<GapState>(value);
    }

    /// <summary>Records that Cube says there are.</summary>
    public long ReportedCount { get; set; }

    /// <summary>Records that Cube gives.</summary>
    public long Records { get; set; }

    /// <summary>In figures, for people.</summary>
    public string Reason { get; set; } = "";

    /// <summary>The run that first saw it. That run's plan does not change by it.</summary>
    public string FirstRun { get; set; } = "";

    /// <summary>Since when it has been short in this way.</summary>
    public DateTimeOffset Since { get; set; }

    /// <summary>Since when it has been short in any way.</summary>
    public DateTimeOffset? ShortSince { get; set; }

    /// <summary>When it was last read.</summary>
    public DateTimeOffset ReadAt { get; set; }

    /// <summary>Who accepted it, or null.</summary>
    public string? AcceptedBy { get; set; }

    /// <summary>When, or null.</summary>
    public DateTimeOffset? AcceptedAt { get; set; }

    /// <summary>
    /// Its name for people and addresses: <c>campaign=17:responses:2026-11-20</c>, <c>assignment=33:customers:snapshot</c>.
    /// </summary>
    [IgnoreDataMember]
    public string Id => $"{PartitionKey}:{Feed}:{Day?.Iso() ?? SnapshotName}";

    /// <summary>The feed as settings name it.</summary>
    [IgnoreDataMember]
    public string Feed => RowKey.Split('|')[1];

    /// <summary>The scope.</summary>
    [IgnoreDataMember]
    public Scope Scope => Model.Scope.Parse(PartitionKey) ?? new Scope(ScopeKind.Tenant, PartitionKey);

    /// <summary>The day; null for the list of an undated feed.</summary>
    [IgnoreDataMember]
    public DateOnly? Day => Days.TryParse(RowKey.Split('|')[2], out var day) ? day : null;

    /// <summary>Whether the checkpoint goes on past it.</summary>
    internal bool IsPassed => State is GapState.Open or GapState.Accepted;

    internal Window Window => Day is { } day ? Window.Day(day) : Window.Snapshot;

    internal static string KeyOf(Feed feed, Window window) => $"{Prefix}{feed.Setting}|{window.From?.Iso() ?? SnapshotName}";

    /// <summary>Whether the next run reads it.</summary>
    internal bool IsDue(DateTimeOffset now) => State == GapState.Suspected || (State == GapState.Open && now - ReadAt >= ReadAgainAfter);

    /// <summary>Whether it is passed, or would be by another reading that is short.</summary>
    /// <param name="count">Records that Cube says there are.</param>
    /// <param name="records">Records that Cube gives.</param>
    /// <param name="now">When it is read.</param>
    internal bool PassesWith(long count, long records, DateTimeOffset now)
    {
        // A list is read once a day, on a tick that may come a little early.
        var patience = Day is null ? ReadAgainAfter : Patience;
        return IsPassed
            || (IsShortAsBefore(count, records) && now - Since >= patience)
            || now - (ShortSince ?? now) >= PatienceWithChange - Patience + patience;
    }

    /// <summary>Takes in another reading that is short.</summary>
    /// <returns>Whether it has just become a gap, or one that was accepted lacks more.</returns>
    internal bool TakeIn(WindowResult reading, DateTimeOffset now)
    {
        var (count, records) = (reading.Count ?? 0, reading.Records);
        var lacksMore = State == GapState.Accepted && count - records > ReportedCount - Records;
        var opens = lacksMore || (State == GapState.Suspected && PassesWith(count, records, now));
        Since = IsShortAsBefore(count, records) ? Since : now;
        (ReportedCount, Records, Reason, ReadAt) = (count, records, reading.Reason ?? "", now);
        ShortSince ??= Since;
        if (opens)
        {
            (State, AcceptedBy, AcceptedAt) = (GapState.Open, null, null);
        }

        return opens;
    }

    /// <summary>As many are missing as when it was last read.</summary>
    private bool IsShortAsBefore(long count, long records) => Since != default && count - records == ReportedCount - Records;
}
