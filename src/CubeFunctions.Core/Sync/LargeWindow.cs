namespace CubeFunctions.Core.Sync;

/// <summary>
/// Each step over a large window leaves arrays of tens of megabytes behind. They are collected before the next step needs as much again:
/// the collector by itself lets them stand.
/// </summary>
internal static class LargeWindow
{
    private const int ManyRecords = 200_000;

    /// <summary>Collects, and gives the memory back, where a window is large.</summary>
    /// <param name="records">Its records.</param>
    public static void Collect(long records)
    {
        if (records >= ManyRecords)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }
}
