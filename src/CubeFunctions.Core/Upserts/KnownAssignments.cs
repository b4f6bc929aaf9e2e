using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Upserts;

/// <summary>The assignments that runs have found, by their checkpoints.</summary>
public sealed class KnownAssignments
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(1);
    private static readonly string[] Kinds = [Scope.NameOf(ScopeKind.Assignment), Scope.NameOf(ScopeKind.Crm)];
    private readonly CachedValue<HashSet<string>> _known;

    /// <summary>Reads checkpoints.</summary>
    public KnownAssignments(RunReader runs, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(runs);
        _known = new(
            async (_, token) =>
                (await runs.CheckpointsAsync(token))
                    .Where(row => Kinds.Contains(row.ScopeKind))
                    .Select(row => row.ScopeId)
                    .ToHashSet(StringComparer.Ordinal),
            FreshFor,
            time
        );
    }

    internal static string WhyUnknown(string assignmentId) => $"Assignment {assignmentId} is not among those that Cube lists.";

    /// <summary>Whether assignments are known, and this one is not among them.</summary>
    internal async Task<bool> IsUnknownAsync(string assignmentId, CancellationToken cancellationToken) =>
        (await _known.GetAsync(cancellationToken)).Value is { Count: > 0 } known && !known.Contains(assignmentId);
}
