using System.IO.Compression;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Sync;

/// <summary>A work item in <c>CubeRuns</c>: one scope and feed of one run.</summary>
public sealed class ItemRow : ITableEntity
{
    /// <summary>The run's id.</summary>
    public string PartitionKey { get; set; } = "";

    /// <summary><c>item|{feed}|{scope}={id}</c>.</summary>
    public string RowKey { get; set; } = "";

    /// <inheritdoc />
    public DateTimeOffset? Timestamp { get; set; }

    /// <inheritdoc />
    public ETag ETag { get; set; }

    /// <summary>Version of this row's format.</summary>
    public int SchemaVersion { get; set; } = 1;

    /// <summary>The feed as settings name it.</summary>
    public string Feed { get; set; } = "";

    /// <summary>Kind of the scope.</summary>
    public string ScopeKind { get; set; } = "";

    /// <summary>Id of the scope.</summary>
    public string ScopeId { get; set; } = "";

    /// <summary>Name of the <see cref="RunKind"/> of the run.</summary>
    public string Kind { get; set; } = "";

    /// <summary>The run's local day.</summary>
    public string Today { get; set; } = "";

    /// <summary>First day of a manual run, or null.</summary>
    public string? From { get; set; }

    /// <summary>Last day of a manual run, or null.</summary>
    public string? To { get; set; }

    /// <summary>The campaign's assignment, or null where the listing does not say.</summary>
    public string? AssignmentId { get; set; }

    /// <summary>Whether its campaign was in the list of active ones.</summary>
    public bool Listed { get; set; }

    /// <summary>Whether a manual run's changes go to the CRM.</summary>
    public bool Deliver { get; set; }

    /// <summary>Name of the <see cref="ItemState"/>.</summary>
    public string State { get; set; } = nameof(ItemState.Waiting);

    /// <summary>True once a claim has begun: pages of it may be stored.</summary>
    public bool Begun { get; set; }

    /// <summary>How often it was put off after a transient failure.</summary>
    public int Tries { get; set; }

    /// <summary>When it was last sent for, or will be seen by a worker.</summary>
    public DateTimeOffset WakeAt { get; set; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? CompletedAt { get; set; }

    /// <summary>Kind of the last failure, or null.</summary>
    public string? ReasonKind { get; set; }

    /// <summary>The last failure in words, or null.</summary>
    public string? Reason { get; set; }

    /// <summary>What its windows gave: compressed JSON.</summary>
    public byte[]? Windows { get; set; }

    internal static string KeyOf(Feed feed, Scope scope) => $"item|{feed.Setting}|{scope}";

    internal ItemState ItemState => Enum.Parse<ItemState>(State);

    internal bool IsOpen => State == nameof(ItemState.Waiting);

    internal Feed FeedOf => FeedCatalogue.Find(Feed) ?? throw new InvalidOperationException($"Item {RowKey} names a feed that this version does not know.");

    /// <summary>The assignment that its records are of, or null where it is not known.</summary>
    internal string? Assignment => Scope.Kind == Model.ScopeKind.Assignment ? ScopeId : AssignmentId;

    internal Scope Scope => new(Model.Scope.KindOf(ScopeKind), ScopeId);

    internal RunKind RunKind => Enum.Parse<RunKind>(Kind);

    internal DateOnly TodayDay => Day(Today)!.Value;

    /// <summary>Who holds a lease, as the lease names him.</summary>
    internal string Holder => $"{PartitionKey}|{RowKey}";

    internal static DateOnly? Day(string? text) => Days.TryParse(text, out var day) ? day : null;

    internal List<WindowResult> ReadWindows()
    {
        if (Windows is null)
        {
            return [];
        }

        using var packed = new BrotliStream(new MemoryStream(Windows), CompressionMode.Decompress);
        return JsonSerializer.Deserialize(packed, SyncRowJson.Default.ListWindowResult) ?? [];
    }

    internal void WriteWindows(List<WindowResult> windows)
    {
        using var target = new MemoryStream();
        using (var packed = new BrotliStream(target, CompressionLevel.Fastest))
        {
            JsonSerializer.Serialize(packed, windows, SyncRowJson.Default.ListWindowResult);
        }

        Windows = target.ToArray();
    }
}
