using System.Runtime.Serialization;
using System.Text.Json;
using Azure;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>A work item in <c>CubeRuns</c>: one scope and feed of one run.</summary>
public sealed class ItemRow : IStoredRow
{
    /// <summary>The run's id.</summary>
    public string PartitionKey { get; set; } = "";

    /// <summary><c>item|{feed}|{scope}={id}</c>.</summary>
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
    /// <exception cref="FormatException">It is set to one that this version does not know.</exception>
    public string Feed
    {
        get;
        set => field = FeedCatalogue.Find(value)?.Setting ?? throw new FormatException($"'{value}' is no feed that this version knows");
    } = "";

    /// <summary>Kind of the scope.</summary>
    /// <exception cref="FormatException">It is set to what is none.</exception>
    public string ScopeKind
    {
        get;
        set => field = Model.Scope.NameOf(Model.Scope.KindOf(value));
    } = "";

    /// <summary>Id of the scope.</summary>
    public string ScopeId { get; set; } = "";

    /// <summary>Kind of the run.</summary>
    [IgnoreDataMember]
    public RunKind Kind { get; set; }

    /// <summary><see cref="Kind"/> as the table holds it.</summary>
    [DataMember(Name = nameof(Kind))]
    public string KindName
    {
        get => Kind.ToString();
        set => Kind = RowEnum.Parse<RunKind>(value);
    }

    /// <summary>The run's local day; empty in a row that was repaired.</summary>
    /// <exception cref="FormatException">It is set to what is none.</exception>
    public string Today
    {
        get;
        set => field = value is "" || Day(value) is not null ? value : throw new FormatException($"'{value}' is no day");
    } = "";

    /// <summary>First day; null for an undated feed.</summary>
    public string? From { get; set; }

    /// <summary>Last day; null for an undated feed.</summary>
    public string? To { get; set; }

    /// <summary>First day of the deep look-back, where this item does it.</summary>
    public string? DeepFrom { get; set; }

    /// <summary>
    /// When the deployment moved over to another generation of the API, where the feed was last read before that: it is read as if for the
    /// first time.
    /// </summary>
    public DateTimeOffset? AnewSince { get; set; }

    /// <summary>The campaign's assignment, or null where the listing does not say.</summary>
    public string? AssignmentId { get; set; }

    /// <summary>Whether its campaign was in the list of active ones.</summary>
    public bool Listed { get; set; }

    /// <summary>Whether a manual run's changes go to the CRM.</summary>
    public bool Deliver { get; set; }

    /// <summary>Where it stands.</summary>
    [IgnoreDataMember]
    public ItemState State { get; set; }

    /// <summary><see cref="State"/> as the table holds it.</summary>
    [DataMember(Name = nameof(State))]
    public string StateName
    {
        get => State.ToString();
        set => State = RowEnum.Parse<ItemState>(value);
    }

    /// <summary>Days of its scope and feed that are kept as gaps, once it has ended.</summary>
    public int Gaps { get; set; }

    /// <summary>True once a claim has begun: pages of it may be stored.</summary>
    public bool Begun { get; set; }

    /// <summary>Failures in a row that count.</summary>
    public int Tries { get; set; }

    /// <summary>When the first of them was.</summary>
    public DateTimeOffset? FailingSince { get; set; }

    /// <summary>When its last message becomes visible.</summary>
    public DateTimeOffset WakeAt { get; set; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? CompletedAt { get; set; }

    /// <summary>Kind of the last failure, or null.</summary>
    public string? ReasonKind { get; set; }

    /// <summary>The last failure in words, or null.</summary>
    public string? Reason { get; set; }

    /// <summary>What its windows gave: compressed JSON. What a column does not hold goes on in the next.</summary>
    public byte[]? Windows { get; set; }

    /// <inheritdoc cref="Windows"/>
    public byte[]? Windows2 { get; set; }

    /// <inheritdoc cref="Windows"/>
    public byte[]? Windows3 { get; set; }

    /// <inheritdoc cref="Windows"/>
    public byte[]? Windows4 { get; set; }

    /// <summary>The most windows of one item: what four columns hold whatever is in them.</summary>
    internal const int MaxWindows = 2000;

    internal static string KeyOf(Feed feed, Scope scope) => $"item|{feed.Setting}|{scope}";

    internal bool IsOpen => State == ItemState.Waiting;

    internal Feed FeedOf =>
        FeedCatalogue.Find(Feed, Scope.Kind)
        ?? throw new InvalidOperationException($"Item {RowKey} names a feed that this version does not know.");

    /// <summary>The assignment or CRM that its records are of, or null where it is not known.</summary>
    internal string? Assignment => Scope.Kind is Model.ScopeKind.Assignment or Model.ScopeKind.Crm ? ScopeId : AssignmentId;

    internal Scope Scope => new(Model.Scope.KindOf(ScopeKind), ScopeId);

    internal DateOnly TodayDay => Day(Today)!.Value;

    internal FailureHistory History
    {
        get => new(Tries, FailingSince);
        set => (Tries, FailingSince) = (value.Attempts, value.FailingSince);
    }

    /// <summary>Who holds a lease, as the lease names it.</summary>
    internal string Holder => $"{PartitionKey}|{RowKey}";

    /// <summary>Size of what its windows gave, in bytes.</summary>
    internal int WindowBytes => Columns().Sum(static column => column?.Length ?? 0);

    internal static DateOnly? Day(string? text) => Days.TryParse(text, out var day) ? day : null;

    /// <summary>What its windows gave. Where that cannot be read nothing was done: the windows are looked for again in storage.</summary>
    internal List<WindowResult> ReadWindows()
    {
        if (Windows is null)
        {
            return [];
        }

        try
        {
            using var packed = PackedColumns.Open(Columns());
            return JsonSerializer.Deserialize(packed, SyncRowJson.Default.ListWindowResult) ?? [];
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or InvalidDataException)
        {
            return [];
        }
    }

    internal void WriteWindows(IReadOnlyList<WindowResult> windows)
    {
        var columns = PackedColumns.Pack(target => JsonSerializer.Serialize(target, [.. windows], SyncRowJson.Default.ListWindowResult));
        (Windows, Windows2, Windows3, Windows4) = (columns[0], columns[1], columns[2], columns[3]);
    }

    private byte[]?[] Columns() => [Windows, Windows2, Windows3, Windows4];
}
