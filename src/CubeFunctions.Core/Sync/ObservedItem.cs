using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Sync;

/// <summary>What observers know of the claimed item that they observe, and the notes of theirs that its checkpoint row keeps.</summary>
/// <remarks>Notes are saved with the next save of the lease: they cost no storage request of their own.</remarks>
internal sealed class ObservedItem(ItemRow item, CheckpointRow row)
{
    private const int FirstClaims = 4;

    /// <summary>The feed.</summary>
    public Feed Feed { get; } = item.FeedOf;

    /// <summary>The scope.</summary>
    public Scope Scope { get; } = item.Scope;

    /// <summary>The assignment that the records belong to; null where it is not known.</summary>
    public string? Assignment => item.Assignment ?? row.AssignmentId;

    /// <summary>The assignment by the listing of this run; null where it does not say.</summary>
    public string? ListedAssignment => item.Assignment;

    /// <summary>The run.</summary>
    public string RunId => item.PartitionKey;

    /// <summary>The tenant's local day on which the run started.</summary>
    public DateOnly Today => item.TodayDay;

    /// <summary>Whether the run is a backfill, which moves no checkpoint.</summary>
    public bool IsManual => item.Kind == RunKind.Manual;

    /// <summary>Whether a manual run's changes are delivered.</summary>
    public bool Deliver => item.Deliver;

    /// <summary>Number of the claim: grows with every claim and every new crawl of the scope and feed.</summary>
    public int Attempt => row.Attempt;

    /// <summary>The last local day that is over and proven; null where there is none.</summary>
    public DateOnly? Through => row.ThroughDay;

    /// <summary>Whether any window was ever proven.</summary>
    public bool HasReadings => row.Readings is not null;

    /// <summary>Whether days or lists of it were short when they were last read.</summary>
    public bool HasGaps { get; } = row.Gaps > 0;

    /// <summary>What was read before this is not compared with what is read now; null where all is.</summary>
    public DateTimeOffset? AnewSince => row.AnewSince;

    /// <summary>When a person was last erased in the scope; null where that never happened.</summary>
    public DateTimeOffset? ErasedAt
    {
        get => row.ErasedAt;
        set => row.ErasedAt = value;
    }

    /// <summary>
    /// Whether tombstones are to be asked for. A new scope's first claims do: a tombstone that was set while it came about names it
    /// nowhere.
    /// </summary>
    public bool MayHaveErased => ErasedAt is not null || !HasReadings || Attempt <= FirstClaims;

    /// <summary>The first day of a dated feed with absences that a later look has to confirm: runs read from there until it has.</summary>
    public DateOnly? AbsentFrom
    {
        get => ItemRow.Day(row.AbsentFrom);
        set => row.AbsentFrom = value?.Iso();
    }

    /// <summary>Whether deletions of the scope and feed are held back.</summary>
    public bool DeletionsHeldBack
    {
        get => row.DeletionsHeldBack;
        set => row.DeletionsHeldBack = value;
    }

    /// <summary>Whether changes of the scope and feed wait for a run that delivers.</summary>
    public bool HasDeferredChanges
    {
        get => row.HasDeferredChanges;
        set => row.HasDeferredChanges = value;
    }

    /// <summary>Whether the last proven reading of a window was compared and left nothing to look at again.</summary>
    public bool IsCompared(Window window) => row.IsCompared(window);

    /// <summary>Notes whether the last proven reading of a window was compared and left nothing to look at again.</summary>
    public void NoteCompared(Window window, bool compared) => row.NoteCompared(window, compared);
}
