using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>
/// Checkpoint and lease of one scope and feed, in one row of <c>CubeCheckpoints</c> and so under one ETag: a worker that has lost the lease
/// cannot move the checkpoint.
/// </summary>
public sealed class CheckpointRow : IStoredRow, ILeasable
{
    /// <summary>The scope, <c>campaign=17</c>.</summary>
    public string PartitionKey { get; set; } = "";

    /// <summary>The feed.</summary>
    public string RowKey { get; set; } = "";

    /// <inheritdoc />
    public DateTimeOffset? Timestamp { get; set; }

    /// <inheritdoc />
    public ETag ETag { get; set; }

    /// <inheritdoc />
    public string? WriteId { get; set; }

    /// <summary>Version of this row's format.</summary>
    public int SchemaVersion { get; set; } = 1;

    /// <summary>The feed as settings name it.</summary>
    public string Feed { get; set; } = "";

    /// <summary>Kind of the scope.</summary>
    public string ScopeKind { get; set; } = "";

    /// <summary>Id of the scope.</summary>
    public string ScopeId { get; set; } = "";

    /// <summary>The last local day that is over and proven (<c>yyyy-MM-dd</c>), or null.</summary>
    public string? Through { get; set; }

    /// <summary>When the scope and feed was first worked on.</summary>
    public DateTimeOffset? KnownSince { get; set; }

    /// <summary>When a window was last proven.</summary>
    public DateTimeOffset? ProvenAt { get; set; }

    /// <summary>When the list of an undated feed was last read that is kept as a gap, or null.</summary>
    public DateTimeOffset? GapReadAt { get; set; }

    /// <summary>The last local day on which the campaign was listed as active.</summary>
    public string? ListedOn { get; set; }

    /// <summary>When the scope was given up as ended or not found, or null.</summary>
    public DateTimeOffset? RetiredAt { get; set; }

    /// <summary><c>ended</c> or <c>not found</c>.</summary>
    public string? RetiredReason { get; set; }

    /// <summary>When the deep look-back was last done.</summary>
    public DateTimeOffset? DeepReadAt { get; set; }

    /// <summary>Since when Cube's counts of halved windows and of their parts have not agreed; null where they do.</summary>
    public DateTimeOffset? NotAddingSince { get; set; }

    /// <summary>How many days or lists have a row of their own as a gap, or as one that may become one.</summary>
    public int Gaps { get; set; }

    /// <summary>Number of the last attempt: grows with every claim and every new crawl.</summary>
    public int Attempt { get; set; }

    /// <summary>Who works on it, or null.</summary>
    public string? LeaseHolder { get; set; }

    /// <summary>Until when, unless renewed.</summary>
    public DateTimeOffset? LeaseUntil { get; set; }

    /// <summary>The item that ended last.</summary>
    public string? Finished { get; set; }

    /// <summary>How far the holder's crawl is: JSON.</summary>
    public string? Progress { get; set; }

    /// <summary>The last proven readings: JSON.</summary>
    public string? Readings { get; set; }

    /// <summary>The first day (<c>yyyy-MM-dd</c>) with absences that a later look has to confirm, or null.</summary>
    public string? AbsentFrom { get; set; }

    /// <summary>Whether deletions of the scope and feed are held back.</summary>
    public bool DeletionsHeldBack { get; set; }

    /// <summary>Whether changes of the scope and feed wait for a run that delivers.</summary>
    public bool HasDeferredChanges { get; set; }

    /// <summary>
    /// When a person was last erased here: a later claim has to know the tombstones of that time. Null where that never happened.
    /// </summary>
    public DateTimeOffset? ErasedAt { get; set; }

    /// <summary>The assignment of a campaign, as it was last known; null else.</summary>
    public string? AssignmentId { get; set; }

    /// <summary>
    /// When the deployment moved over to another generation of the API: what was read before is not compared with what is read since. Null
    /// where it never did.
    /// </summary>
    public DateTimeOffset? AnewSince { get; set; }

    internal const string Ended = "ended";
    internal const string NotFound = "not found";

    internal static string PartitionOf(Scope scope) => scope.ToString();

    /// <summary>When it was last proven, or last read as a gap, which has an alert of its own.</summary>
    internal DateTimeOffset? FreshAt => ProvenAt > GapReadAt || GapReadAt is null ? ProvenAt : GapReadAt;

    internal DateOnly? ThroughDay => ItemRow.Day(Through);

    internal Scope Scope => new(Model.Scope.KindOf(ScopeKind), ScopeId);

    /// <summary>The checkpoint only ever moves forward.</summary>
    internal void Advance(DateOnly day)
    {
        if (ThroughDay is not { } through || through < day)
        {
            Through = day.Iso();
        }
    }

    internal void Retire(string reason, DateTimeOffset at) => (RetiredReason, RetiredAt) = (reason, at);

    /// <summary>Begins anew, as if the feed had never been read.</summary>
    internal void BeginAnew(DateTimeOffset since) =>
        (AnewSince, Through, ProvenAt, DeepReadAt, Readings, DeletionsHeldBack) = (since, null, null, null, null, false);

    internal void Revive() => (RetiredReason, RetiredAt) = (null, null);

    /// <summary>How far the holder's crawl is; null where nothing is said that can be read.</summary>
    internal CrawlProgress? ReadProgress() =>
        Read(Progress, SyncRowJson.Default.CrawlProgress) is { Item: not null } progress ? progress : null;

    internal void WriteProgress(CrawlProgress? progress) =>
        Progress = progress is null ? null : JsonSerializer.Serialize(progress, SyncRowJson.Default.CrawlProgress);

    /// <summary>The last proven readings. Those that cannot be read are forgotten: their windows are stored whole.</summary>
    internal List<Reading> ReadReadings() => Read(Readings, SyncRowJson.Default.ListReading) ?? [];

    private static T? Read<T>(string? column, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return column is null ? null : JsonSerializer.Deserialize(column, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    internal void AddReading(Reading reading) => WriteReadings([reading, .. ReadReadings().Where(other => other.Window != reading.Window)]);

    /// <summary>Forgets a reading that can no longer be read.</summary>
    internal void RemoveReading(Reading reading) => WriteReadings([.. ReadReadings().Where(other => other.Window != reading.Window)]);

    /// <summary>Whether the last proven reading of a window was compared with what was known, and left nothing to look at again.</summary>
    internal bool IsCompared(Window window) => ReadReadings().Exists(reading => reading.Window == window && reading.Compared);

    /// <summary>Notes whether the last proven reading of a window was compared, and left nothing to look at again.</summary>
    internal void NoteCompared(Window window, bool compared)
    {
        var readings = ReadReadings();
        var index = readings.FindIndex(reading => reading.Window == window);
        if (index >= 0 && readings[index].Compared != compared)
        {
            readings[index] = readings[index] with { Compared = compared };
            WriteReadings(readings);
        }
    }

    private void WriteReadings(List<Reading> readings)
    {
        // Windows that come back are those of the look-backs, today's and the snapshot. A reading takes some 200 characters, more where the
        // scope's id is long.
        const int MostKept = 64;
        var kept = Math.Min(readings.Count, MostKept);
        string json;
        do
        {
            json = JsonSerializer.Serialize(readings[..kept], SyncRowJson.Default.ListReading);
            kept = kept * 3 / 4;
        } while (json.Length > OptimisticTable.MaxText);

        Readings = json;
    }
}
