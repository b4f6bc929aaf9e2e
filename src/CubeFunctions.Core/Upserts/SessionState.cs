namespace CubeFunctions.Core.Upserts;

/// <summary>The life of one delivery of a customer's pending events.</summary>
internal enum SessionState
{
    /// <summary>Events and mailbox are read. Nothing is changed yet.</summary>
    Reading,

    /// <summary>Another worker holds the mailbox, or a failed delivery waits for its time: a message is on its way for then.</summary>
    Rescheduled,

    /// <summary>All events wait for something that ends with a notification of its own, or is looked for by the janitor.</summary>
    Waiting,

    /// <summary>The mailbox is held; fields are written to Cube.</summary>
    Writing,

    /// <summary>What came of the writes is saved, and the mailbox released; the events get their states.</summary>
    Ending,

    /// <summary>Nothing of what was read is left to do.</summary>
    Ended,

    /// <summary>Somebody else changed the mailbox: it is read again.</summary>
    Overtaken,
}
