using System.Text.Json;
using System.Text.Json.Serialization;

namespace CubeFunctions.Core.Sync;

/// <summary><c>_manifest.json</c>: what a window holds. Written last, so that whoever follows it sees complete windows only.</summary>
public sealed record WindowManifest
{
    /// <summary>Version of this format.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>The run that read the window.</summary>
    public required string RunId { get; init; }

    /// <summary>The feed.</summary>
    public required string Feed { get; init; }

    /// <summary>Kind of the scope.</summary>
    public required string Scope { get; init; }

    /// <summary>Id of the scope.</summary>
    public required string ScopeId { get; init; }

    /// <summary>First day, or null for a snapshot.</summary>
    public DateOnly? From { get; init; }

    /// <summary>Last day, or null for a snapshot.</summary>
    public DateOnly? To { get; init; }

    /// <summary>Why the window counts as complete.</summary>
    public required Proof Proof { get; init; }

    /// <summary>How many sweeps it took.</summary>
    public required int Sweeps { get; init; }

    /// <summary>The count that Cube gave last.</summary>
    public required long ReportedCount { get; init; }

    /// <summary>Records in the pages.</summary>
    public required long Records { get; init; }

    /// <summary>Distinct keys among them.</summary>
    public required long DistinctKeys { get; init; }

    /// <summary>Bytes in the pages.</summary>
    public required long Bytes { get; init; }

    /// <summary>When the first request was made.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When the last page was stored.</summary>
    public required DateTimeOffset CompletedAt { get; init; }

    /// <summary>The pages that count, in order.</summary>
    public required IReadOnlyList<ManifestPage> Pages { get; init; }

    /// <summary>
    /// True when a person's records were taken out at the person's wish: there are fewer than <see cref="ReportedCount"/>. Left out where it is false.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Redacted { get; init; }
}

/// <summary>One page of a manifest.</summary>
/// <param name="Name">Its name below the manifest's folder, <c>attempt=1/page-00001.json</c>.</param>
/// <param name="Records">Records in it.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Its SHA-256 in lower-case hexadecimal digits.</param>
public sealed record ManifestPage(string Name, int Records, long Bytes, string Sha256);

/// <summary><c>runs/{runId}.json</c>: what a run did. Written when its last item is done.</summary>
public sealed record RunManifest
{
    /// <summary>Version of this format.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>The run.</summary>
    public required string RunId { get; init; }

    /// <summary>Why it was.</summary>
    public required RunKind Kind { get; init; }

    /// <summary>How it ended.</summary>
    public required RunStatus Status { get; init; }

    /// <summary>When it was started.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When its last item was done.</summary>
    public required DateTimeOffset CompletedAt { get; init; }

    /// <summary>Items by outcome.</summary>
    public required ItemTotals Items { get; init; }

    /// <summary>Pages read.</summary>
    public required long Pages { get; init; }

    /// <summary>Records read.</summary>
    public required long Records { get; init; }

    /// <summary>Bytes read.</summary>
    public required long Bytes { get; init; }

    /// <summary>Every window that was read.</summary>
    public required IReadOnlyList<RunWindow> Windows { get; init; }

    /// <summary>Every item that failed.</summary>
    public required IReadOnlyList<RunFailure> Failures { get; init; }
}

/// <summary>Items by outcome. An unproven item counts as neither succeeded nor failed.</summary>
public sealed record ItemTotals(int Total, int Succeeded, int Failed, int Unproven);

/// <summary>A window in a run manifest.</summary>
/// <param name="Feed">The feed.</param>
/// <param name="Scope">Kind of the scope.</param>
/// <param name="ScopeId">Id of the scope.</param>
/// <param name="From">First day, or null.</param>
/// <param name="To">Last day, or null.</param>
/// <param name="Proof">Why it counts as complete.</param>
/// <param name="Records">Records read.</param>
/// <param name="Manifest">Path of the manifest that holds its pages.</param>
/// <param name="Unchanged">True when the pages equal those of an earlier reading, whose manifest is named.</param>
public sealed record RunWindow(string Feed, string Scope, string ScopeId, DateOnly? From, DateOnly? To, Proof Proof, long Records, string Manifest, bool Unchanged);

/// <summary>A failed item.</summary>
public sealed record RunFailure(string Feed, string Scope, string ScopeId, string Reason);

/// <summary>What an item's row keeps of a window.</summary>
internal sealed record WindowResult(DateOnly? From, DateOnly? To, Proof Proof, int Pages, long Records, long Bytes, string Manifest, bool Unchanged)
{
    public Window Window => new(From, To);
}

/// <summary>A proven reading that the next one is compared with.</summary>
/// <param name="From">First day, or null for a snapshot.</param>
/// <param name="To">Last day, or null for a snapshot.</param>
/// <param name="Manifest">Path of the manifest that holds its pages.</param>
/// <param name="At">When it was proven.</param>
/// <param name="Compared">Whether its changes were told, and nothing in it has to be looked at again.</param>
internal sealed record Reading(DateOnly? From, DateOnly? To, string Manifest, DateTimeOffset At, bool Compared = false)
{
    public Window Window => new(From, To);
}

/// <summary>How far a sweep has come, beyond what the stored pages tell.</summary>
/// <param name="Item">The item that sweeps.</param>
/// <param name="Window">Name of the window under way.</param>
/// <param name="FirstAttempt">The attempt with which the sweep under way began.</param>
/// <param name="Sweep">Number of the sweep under way, from 1.</param>
/// <param name="Previous">What the sweep before found, or null.</param>
/// <param name="Matched">Pages that equalled the last reading and were not stored, as ranges (<c>1-40,42</c>).</param>
/// <param name="StartedAt">When the window's first request was made.</param>
internal sealed record SweepProgress(
    string Item, string Window, int FirstAttempt, int Sweep, SweepDigest? Previous, string Matched, DateTimeOffset StartedAt);

/// <summary>What two sweeps are compared by.</summary>
internal sealed record SweepDigest(long Records, string Content);

/// <summary>JSON of the sync lane, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = false,
    Converters = [typeof(ProofConverter), typeof(RunKindConverter), typeof(RunStatusConverter)])]
[JsonSerializable(typeof(WindowManifest))]
[JsonSerializable(typeof(RunManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;

/// <summary>JSON that rows and messages hold: no line breaks.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(ProofConverter)], DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(List<WindowResult>))]
[JsonSerializable(typeof(List<Reading>))]
[JsonSerializable(typeof(SweepProgress))]
internal sealed partial class SyncRowJson : JsonSerializerContext;

internal sealed class ProofConverter() : JsonStringEnumConverter<Proof>(JsonNamingPolicy.CamelCase);

internal sealed class RunKindConverter() : JsonStringEnumConverter<RunKind>();

internal sealed class RunStatusConverter() : JsonStringEnumConverter<RunStatus>();
