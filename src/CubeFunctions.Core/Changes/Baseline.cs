using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Changes;

/// <summary>A line that stands for all records of a reading: the first of a scope and feed, or of days that were never read.</summary>
/// <param name="Id">The line's id; those of the records follow from it.</param>
/// <param name="Feed">The feed.</param>
/// <param name="Scope">The scope.</param>
/// <param name="AssignmentId">The assignment that the records belong to; null where it is not known.</param>
/// <param name="RunId">The run that read them.</param>
/// <param name="At">When Cube was read.</param>
/// <param name="Manifest">Path of the manifest that names the pages, in <c>cube-raw</c>.</param>
/// <param name="Days">The days that it stands for; null for a snapshot. A record outside of the manifest's days counts on the nearest of
/// them.</param>
/// <param name="Records">How many records that were.</param>
internal sealed record Baseline(
    string Id,
    Feed Feed,
    Scope Scope,
    string? AssignmentId,
    string RunId,
    DateTimeOffset At,
    string Manifest,
    DayRange? Days,
    int Records
);
