using System.Globalization;
using System.Runtime.Serialization;
using Azure;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>Where a day that is short stands.</summary>
public enum GapState
{
    /// <summary>Short for less than a day: the checkpoint waits for it.</summary>
    Suspected,

    /// <summary>Short in the same way for a day: the checkpoint goes on past it, and it is read again daily.</summary>
    Open,

    /// <summary>A person has accepted it: it is read no more.</summary>
    Accepted,
}

/// <summary>
/// A day of one scope and feed that gives fewer records than Cube counts. In <c>CubeCheckpoints</c>, in the partition of its scope.
/// </summary>
public sealed class GapRow : IStoredRow
{
    /// <summary>Begins the row keys.</summary>
    internal const string Prefix = "gap|";

    /// <summary>
    /// How long a day has to be short in the same way before the checkpoint goes on past it, and how often it is read from then on.
    /// </summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromHours(24);

    /// <summary>Daily, on a tick that comes a little early as well.</summary>
    private static readonly TimeSpan ReadAgainAfter = Patience - TimeSpan.FromMinutes(20);

    /// <summary>The scope, <c>campaign=17</c>.</summary>
    public string PartitionKey { get; set; } = "";

    /// <summary><c>gap|{feed}|{yyyy-MM-dd}</c>.</summary>
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

    /// <summary>When it was last read.</summary>
    public DateTimeOffset ReadAt { get; set; }

    /// <summary>Who accepted it, or null.</summary>
    public string? AcceptedBy { get; set; }

    /// <summary>When, or null.</summary>
    public DateTimeOffset? AcceptedAt { get; set; }

    /// <summary>Its name for people and addresses: <c>campaign=17:responses:2026-11-20</c>.</summary>
    [IgnoreDataMember]
    public string Id => $"{PartitionKey}:{Feed}:{Day.Iso()}";

    /// <summary>The feed as settings name it.</summary>
    [IgnoreDataMember]
    public string Feed => RowKey.Split('|')[1];

    /// <summary>The scope.</summary>
    [IgnoreDataMember]
    public Scope Scope => Model.Scope.Parse(PartitionKey) ?? new Scope(ScopeKind.Tenant, PartitionKey);

    /// <summary>The day.</summary>
    [IgnoreDataMember]
    public DateOnly Day => DateOnly.Parse(RowKey.Split('|')[2], CultureInfo.InvariantCulture);

    /// <summary>Whether the checkpoint goes on past it.</summary>
    internal bool IsPassed => State is GapState.Open or GapState.Accepted;

    internal static string KeyOf(Feed feed, DateOnly day) => $"{Prefix}{feed.Setting}|{day.Iso()}";

    /// <summary>Whether the next run reads it.</summary>
    internal bool IsDue(DateTimeOffset now) => State == GapState.Suspected || (State == GapState.Open && now - ReadAt >= ReadAgainAfter);

    /// <summary>Takes in another reading that is short.</summary>
    /// <returns>Whether it has just become a gap.</returns>
    internal bool TakeIn(WindowResult reading, DateTimeOffset now)
    {
        var same = Since != default && (ReportedCount, Records) == (reading.Count ?? 0, reading.Records);
        (ReportedCount, Records, Reason, ReadAt) = (reading.Count ?? 0, reading.Records, reading.Reason ?? "", now);
        Since = same ? Since : now;
        if (State == GapState.Suspected && now - Since >= Patience)
        {
            State = GapState.Open;
            return true;
        }

        return false;
    }
}
