namespace CubeFunctions.Core.Persons;

/// <summary>What an erasure counts.</summary>
internal enum Erased
{
    /// <summary>Records taken out of pages.</summary>
    Records,

    /// <summary>Manifests whose pages were rewritten.</summary>
    Manifests,

    /// <summary>Pages rewritten.</summary>
    Pages,

    /// <summary>Pages deleted that no manifest named.</summary>
    Leftovers,

    /// <summary>Records of an internal id of the person with another imported one: left as they are.</summary>
    LeftAlone,

    /// <summary>Records whose internal id is the one that was given as the imported id: perhaps the wrong kind of id was given.</summary>
    OtherKindOfId,

    /// <summary>Entries of snapshots.</summary>
    StateEntries,

    /// <summary>Lines taken out of change files.</summary>
    Lines,

    /// <summary>Change files rewritten or deleted.</summary>
    Files,

    /// <summary>Entries of the index of imported ids.</summary>
    IndexEntries,

    /// <summary>Rows of events.</summary>
    Events,

    /// <summary>Those among them that were still pending.</summary>
    WaitingEvents,

    /// <summary>Mailboxes.</summary>
    Mailboxes,

    /// <summary>Webhook bodies.</summary>
    Bodies,

    /// <summary>Those among them that other customers came in as well.</summary>
    SharedBodies,

    /// <summary>Those among them whose assignment nothing names any more.</summary>
    BodiesOfUnknownAssignment,

    /// <summary>Long values of events, beside their bodies.</summary>
    Values,
}

/// <summary>Counts of an erasure. Safe to use from several tasks.</summary>
internal sealed class ErasureTally
{
    private readonly int[] _counts = new int[Enum.GetValues<Erased>().Length];

    /// <summary>How many were counted.</summary>
    public int this[Erased what] => Volatile.Read(ref _counts[(int)what]);

    public void Add(Erased what, int count) => Interlocked.Add(ref _counts[(int)what], count);
}
