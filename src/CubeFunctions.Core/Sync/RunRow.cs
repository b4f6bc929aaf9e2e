using System.Runtime.Serialization;
using System.Text.Json;
using Azure;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>A run in <c>CubeRuns</c>. All runs share one partition; their items lie in a partition a run.</summary>
public sealed class RunRow : IStoredRow, ILeasable
{
    /// <summary>The partition of all runs.</summary>
    public const string Partition = "run";

    /// <summary>Begins the row keys of the kinds' own rows, after those of all runs.</summary>
    internal const string KindPrefix = "kind|";

    /// <inheritdoc />
    public string PartitionKey { get; set; } = Partition;

    /// <summary>The run's id.</summary>
    public string RowKey { get; set; } = "";

    /// <inheritdoc />
    public DateTimeOffset? Timestamp { get; set; }

    /// <inheritdoc />
    public ETag ETag { get; set; }

    /// <inheritdoc />
    public string? WriteId { get; set; }

    /// <summary>Version of this row's format.</summary>
    public int SchemaVersion { get; set; } = 1;

    /// <summary>On the row of a kind: the run of it that was started last.</summary>
    public string? LastRun { get; set; }

    /// <summary>The run of the kind that was started before it; null where there is none.</summary>
    public string? PreviousRun { get; set; }

    /// <summary>Why it is.</summary>
    [IgnoreDataMember]
    public RunKind Kind { get; set; }

    /// <summary><see cref="Kind"/> as the table holds it.</summary>
    [DataMember(Name = nameof(Kind))]
    public string KindName
    {
        get => Kind.ToString();
        set => Kind = RowEnum.Parse<RunKind>(value);
    }

    /// <summary>Where it stands; null on the row of a kind.</summary>
    [IgnoreDataMember]
    public RunStatus? Status { get; set; }

    /// <summary><see cref="Status"/> as the table holds it.</summary>
    [DataMember(Name = nameof(Status))]
    public string? StatusName
    {
        get => Status?.ToString();
        set => Status = value is null ? null : RowEnum.Parse<RunStatus>(value);
    }

    /// <summary>The tenant's local day on which the run started; all its windows are cut by it.</summary>
    public string Today { get; set; } = "";

    /// <summary>First day of a manual run, or null.</summary>
    public string? From { get; set; }

    /// <summary>Last day of a manual run, or null.</summary>
    public string? To { get; set; }

    /// <summary>The feeds, comma-separated.</summary>
    public string Feeds { get; set; } = "";

    /// <summary>Chosen campaigns, comma-separated, or null for all.</summary>
    public string? Campaigns { get; set; }

    /// <summary>Chosen assignments, comma-separated, or null for all.</summary>
    public string? Assignments { get; set; }

    /// <summary>
    /// Both lists, compressed, where they are longer than columns of text hold: those are null then. What a column does not hold goes on in
    /// the next.
    /// </summary>
    public byte[]? Ids { get; set; }

    /// <inheritdoc cref="Ids"/>
    public byte[]? Ids2 { get; set; }

    /// <inheritdoc cref="Ids"/>
    public byte[]? Ids3 { get; set; }

    /// <inheritdoc cref="Ids"/>
    public byte[]? Ids4 { get; set; }

    /// <summary>Whether a manual run's changes go to the CRM.</summary>
    public bool Deliver { get; set; }

    /// <summary>Grows with every try to plan the run.</summary>
    public int PlanAttempt { get; set; }

    /// <summary>Failed tries to plan it.</summary>
    public int PlanFailures { get; set; }

    /// <summary>Why it could not be planned, or null.</summary>
    public string? Reason { get; set; }

    /// <summary>What was passed over while it was planned, in words: JSON.</summary>
    public string? Notices { get; set; }

    /// <summary>Whether gaps were known when it was planned, or came about since.</summary>
    public bool HasGaps { get; set; }

    /// <summary>The planner that has it.</summary>
    public string? LeaseHolder { get; set; }

    /// <summary>Until when, unless renewed.</summary>
    public DateTimeOffset? LeaseUntil { get; set; }

    /// <summary>When it started.</summary>
    public DateTimeOffset StartedAt { get; set; }

    /// <summary>When its last item was done.</summary>
    public DateTimeOffset? CompletedAt { get; set; }

    /// <summary>Number of items; 0 until planned.</summary>
    public int Items { get; set; }

    /// <summary>Items that succeeded, once the run is closed.</summary>
    public int Succeeded { get; set; }

    /// <summary>Items that failed, once the run is closed.</summary>
    public int Failed { get; set; }

    /// <summary>Items that are not proven, once the run is closed.</summary>
    public int Unproven { get; set; }

    /// <summary>Pages read, once the run is closed.</summary>
    public long Pages { get; set; }

    /// <summary>Records read, once the run is closed.</summary>
    public long Records { get; set; }

    /// <summary>Bytes read, once the run is closed.</summary>
    public long Bytes { get; set; }

    /// <summary>
    /// Records of the run's own day by feed, and those of snapshots: <c>responses=120,sms=4</c>. Null until it is closed, and for manual
    /// runs.
    /// </summary>
    public string? DayRecords { get; set; }

    /// <summary>Scopes and feeds that were left to an earlier run.</summary>
    public int Left { get; set; }

    internal bool IsOpen => Status is RunStatus.Planning or RunStatus.Running;

    /// <summary>Keeps what was chosen. Ids are encoded, since a tenant's own names may hold a comma.</summary>
    internal void WriteChosen(IReadOnlyList<string> campaigns, IReadOnlyList<string> assignments)
    {
        (Campaigns, Assignments) = (Join(campaigns), Join(assignments));
        if (Math.Max(Campaigns?.Length ?? 0, Assignments?.Length ?? 0) > OptimisticTable.MaxText)
        {
            var columns = PackedColumns.Pack(target =>
                JsonSerializer.Serialize(target, [Campaigns ?? "", Assignments ?? ""], SyncRowJson.Default.ListString)
            );
            (Campaigns, Assignments) = (null, null);
            (Ids, Ids2, Ids3, Ids4) = (columns[0], columns[1], columns[2], columns[3]);
        }
    }

    /// <summary>What was chosen; empty for all.</summary>
    internal (HashSet<string> Campaigns, HashSet<string> Assignments) ReadChosen()
    {
        if (Ids is null)
        {
            return (Split(Campaigns), Split(Assignments));
        }

        using var packed = PackedColumns.Open(Ids, Ids2, Ids3, Ids4);
        return JsonSerializer.Deserialize(packed, SyncRowJson.Default.ListString) is [var campaigns, var assignments]
            ? (Split(campaigns), Split(assignments))
            : throw new InvalidDataException("A run's row does not say what was chosen.");
    }

    private static string? Join(IReadOnlyList<string> ids) => ids.Count == 0 ? null : string.Join(',', ids.Select(Scope.Encode));

    private static HashSet<string> Split(string? column) =>
        [.. (column?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? []).Select(Scope.Decode)];

    /// <summary>Notices that cannot be read are none: they are words for people.</summary>
    internal IReadOnlyList<string> ReadNotices()
    {
        try
        {
            return Notices is null ? [] : JsonSerializer.Deserialize(Notices, SyncRowJson.Default.ListString) ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>Keeps the first notices, as many as the column holds.</summary>
    internal void WriteNotices(IReadOnlyList<string> notices)
    {
        var most = Math.Min(notices.Count, 100);
        string json;
        do
        {
            IEnumerable<string> more = notices.Count > most ? [$"{notices.Count - most} more"] : [];
            json = JsonSerializer.Serialize([.. notices.Take(most), .. more], SyncRowJson.Default.ListString);
            most /= 2;
        } while (json.Length > OptimisticTable.MaxText);

        Notices = notices.Count == 0 ? null : json;
    }
}
