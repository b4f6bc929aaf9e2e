namespace CubeFunctions.Core.Changes;

/// <summary>What happened to a record, as change lines name it.</summary>
public enum ChangeOp
{
    /// <summary>A customer that was not known.</summary>
    Created,

    /// <summary>A known customer with other content.</summary>
    Updated,

    /// <summary>A known customer that Cube no longer has.</summary>
    Deleted,

    /// <summary>A known customer that Cube anonymised: what is known of the person has to go.</summary>
    Erased,

    /// <summary>A response or SMS that was not known.</summary>
    Recorded,

    /// <summary>A known response or SMS with other content.</summary>
    Corrected,

    /// <summary>A known response or SMS that is gone from its day.</summary>
    Removed,

    /// <summary>All records of a first reading: the line names its manifest.</summary>
    Baseline,
}

/// <summary>Names of ops in change lines.</summary>
internal static class ChangeOps
{
    /// <summary>The name of an op.</summary>
    public static string NameOf(ChangeOp op) =>
        op switch
        {
            ChangeOp.Created => "created",
            ChangeOp.Updated => "updated",
            ChangeOp.Deleted => "deleted",
            ChangeOp.Erased => "erased",
            ChangeOp.Recorded => "recorded",
            ChangeOp.Corrected => "corrected",
            ChangeOp.Removed => "removed",
            ChangeOp.Baseline => "baseline",
            _ => throw new ArgumentOutOfRangeException(nameof(op)),
        };
}
