namespace CubeFunctions.Core.Changes;

/// <summary>Marks of a known record, as they stand in state files.</summary>
[Flags]
internal enum EntryFlags
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Cube has anonymised the person.</summary>
    Anonymised = 1,

    /// <summary>The last proven snapshot lacked it, and only another one can confirm that it is gone.</summary>
    Absent = 2,
}
