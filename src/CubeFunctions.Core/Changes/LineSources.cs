using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Changes;

/// <summary>Where one item's change lines come from and go to.</summary>
/// <param name="Store">Takes the files.</param>
/// <param name="Records">The feed's records.</param>
/// <param name="Earlier">Records in stored pages.</param>
/// <param name="Context">What stands beside records.</param>
/// <param name="Echoes">What upserts brought to Cube.</param>
/// <param name="AssignmentId">The assignment that the records belong to; null where it is not known.</param>
/// <param name="Logger">Where it is said.</param>
internal sealed record LineSources(
    ChangeStore Store,
    FeedRecords Records,
    EarlierRecords Earlier,
    ChangeContext Context,
    Echoes Echoes,
    string? AssignmentId,
    ILogger Logger
);
