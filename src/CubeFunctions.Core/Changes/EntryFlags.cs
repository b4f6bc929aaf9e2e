namespace CubeFunctions.Core.Changes;

/// <summary>
/// Marks of a known record, as they stand in state files: the lower 8 bits. The upper 24 hold when it was first absent; see
/// <see cref="AbsenceMark"/>.
/// </summary>
[Flags]
internal enum EntryFlags
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Cube has anonymised the person.</summary>
    Anonymised = 1,

    /// <summary>The last proven snapshot lacked it, and only a later one can confirm that it is gone.</summary>
    Absent = 2,
}

/// <summary>
/// When a record was first absent: whole hours since 2000 in UTC, above the marks. 0, as in earlier state files, where that is not known.
/// </summary>
internal static class AbsenceMark
{
    private const int HourShift = 8;
    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How far two looks have to be apart: a fault of an hour must not look like a deletion.</summary>
    public static readonly TimeSpan BetweenLooks = TimeSpan.FromHours(4);

    /// <summary>Marks a record as absent.</summary>
    public static EntryFlags MarkAbsent(this EntryFlags flags, DateTimeOffset since) =>
        (EntryFlags)(((int)flags & 0xFF) | (int)EntryFlags.Absent | (Hours(since) << HourShift));

    /// <summary>Whether a look now confirms that a record is gone: it was absent hours ago already.</summary>
    public static bool IsConfirmed(this EntryFlags flags, DateTimeOffset now) =>
        flags.HasFlag(EntryFlags.Absent) && (uint)flags >> HourShift is var since and > 0 && Hours(now) - since >= BetweenLooks.TotalHours;

    /// <summary>Whether a record is marked, and the mark says since when.</summary>
    public static bool IsMarked(this EntryFlags flags) => flags.HasFlag(EntryFlags.Absent) && (uint)flags >> HourShift > 0;

    private static int Hours(DateTimeOffset at) => (int)(at - Epoch).TotalHours;
}
