namespace CubeFunctions.Core.Storage;

/// <summary>What came of a write that depends on the state the row or blob was read in.</summary>
internal enum StorageOutcome
{
    /// <summary>Written, or deleted, by this write. Also where its answer was lost. A delete of what is gone already counts.</summary>
    Saved,

    /// <summary>Somebody else has changed it since it was read.</summary>
    Changed,

    /// <summary>It is not there any more.</summary>
    Gone,

    /// <summary>It was to be added, and is there already.</summary>
    Exists,
}
