using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>What came of an attempt to claim an item.</summary>
internal abstract record Claim
{
    private Claim() { }

    /// <summary>The caller has the lease.</summary>
    internal sealed record Taken(LeasedRow<CheckpointRow> Lease, bool Resumes) : Claim;

    /// <summary>The item ended since its row was read.</summary>
    internal sealed record Ended : Claim;

    /// <summary>Somebody holds the lease: another run's item, or a worker that has this very item and may have died since.</summary>
    internal sealed record Busy(TimeSpan Left, bool SameItem) : Claim;

    /// <summary>
    /// Another run's item was abandoned at work on the scope and feed. It is finished first: what it published must be known before the
    /// next compares.
    /// </summary>
    internal sealed record Abandoned(ItemRow First) : Claim;
}
