using System.Text.Json.Serialization;

namespace CubeFunctions.Core.Model;

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

    /// <summary>
    /// Scopes and feeds that this run left to an earlier run of its kind, which has them in hand. Left out where there are none.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RunLeft>? InHand { get; init; }

    /// <summary>Days and lists of any scope that are kept as gaps. Left out where there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RunGap>? Gaps { get; init; }

    /// <summary>What was passed over, in words: broken entries of the campaigns listing. Left out where there is nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Notices { get; init; }
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
public sealed record RunWindow(
    string Feed,
    string Scope,
    string ScopeId,
    DateOnly? From,
    DateOnly? To,
    Proof Proof,
    long Records,
    string Manifest,
    bool Unchanged
)
{
    /// <summary>Why it is not proven, in figures. Left out where it is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }
}

/// <summary>A scope and feed that another run has in hand.</summary>
public sealed record RunLeft(string Feed, string Scope, string ScopeId, string RunId);

/// <summary>A day or list that stays short, so that the checkpoint has gone on past it.</summary>
/// <param name="Feed">The feed.</param>
/// <param name="Scope">Kind of the scope.</param>
/// <param name="ScopeId">Id of the scope.</param>
/// <param name="Day">The day; null for the list of an undated feed.</param>
/// <param name="ReportedCount">Records that Cube says there are.</param>
/// <param name="Records">Records that Cube gives.</param>
/// <param name="Since">When it was first seen.</param>
/// <param name="Accepted">Whether a person accepted it.</param>
public sealed record RunGap(
    string Feed,
    string Scope,
    string ScopeId,
    DateOnly? Day,
    long ReportedCount,
    long Records,
    DateTimeOffset Since,
    bool Accepted
);

/// <summary>A failed item.</summary>
public sealed record RunFailure(string Feed, string Scope, string ScopeId, string Reason);
