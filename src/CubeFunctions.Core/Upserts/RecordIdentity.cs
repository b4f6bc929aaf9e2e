namespace CubeFunctions.Core.Upserts;

/// <summary>Whose record an id in Cube's addresses leads to.</summary>
internal enum RecordIdentity
{
    /// <summary>Nobody's: Cube has none, or one without an imported id.</summary>
    Nobody,

    /// <summary>The customer's: its imported id is the same text.</summary>
    Same,

    /// <summary>Another customer's.</summary>
    Other,
}
