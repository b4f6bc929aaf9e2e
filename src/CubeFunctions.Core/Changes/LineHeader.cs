using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Changes;

/// <summary>What all lines of one comparison say alike.</summary>
/// <param name="Feed">The feed.</param>
/// <param name="Scope">The scope.</param>
/// <param name="AssignmentId">The assignment that the records belong to; null where it is not known.</param>
/// <param name="RunId">The run that publishes them.</param>
/// <param name="Basis">
/// The run and claim that wrote the snapshot they are compared with: another run that finds the same against the same snapshot gives the
/// same ids.
/// </param>
/// <param name="At">When Cube was read.</param>
internal sealed record LineHeader(Feed Feed, Scope Scope, string? AssignmentId, string RunId, string Basis, DateTimeOffset At);
