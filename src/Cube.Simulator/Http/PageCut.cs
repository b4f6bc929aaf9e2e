using Cube.Simulator.Rows;

namespace Cube.Simulator.Http;

/// <summary>Which rows of a feed stand on the page asked for, with what faults take away.</summary>
internal sealed class PageCut
{
    private readonly int missingFrom;
    private readonly int missing;
    private readonly int drift;

    public PageCut(PageAnswer answer, IReadOnlyList<PickedFault> faults, int drift)
    {
        this.drift = drift;
        Count = answer.Rows.Count;
        (missingFrom, missing) = Missing(answer.Rows, faults);
        var available = Count - missing;
        var size = Find(faults, FaultKind.PageSizeChanges) is { } other ? Math.Max(1, other.Rows ?? answer.Size / 2) : answer.Size;
        Pages = Math.Max(1, (int)(((long)available + size - 1) / size));
        // Beyond the last page (next-endless) the rows of the earlier ones come again.
        First = (int)Math.Min((long)((answer.Page - 1) % Pages) * size, available);
        End = Math.Min(First + size, available);
        if (Find(faults, FaultKind.EmptyPage) is not null)
            End = First;
        else if (Find(faults, FaultKind.PartialContent206) is not null)
            End = First + ((End - First) / 2);
    }

    /// <summary>Rows of the feed, the missing ones included.</summary>
    public int Count { get; }

    public int Pages { get; }

    public int First { get; }

    public int End { get; }

    /// <summary>The row at a place of the listing.</summary>
    public int RowAt(int place)
    {
        var row = (place + drift) % (Count - missing);
        return row < missingFrom ? row : row + missing;
    }

    private static (int From, int Count) Missing(IRows rows, IReadOnlyList<PickedFault> faults)
    {
        if (Find(faults, FaultKind.ShortListing) is not { } fault)
            return (rows.Count, 0);
        var (first, count) = fault.Day is { } day ? rows.PositionsOf(day) : (0, rows.Count);
        var missing = Math.Min(fault.Rows ?? 2, count);
        return (first + count - missing, missing);
    }

    private static Fault? Find(IReadOnlyList<PickedFault> faults, FaultKind kind)
    {
        foreach (var picked in faults)
        {
            if (picked.Fault.Kind == kind)
                return picked.Fault;
        }

        return null;
    }
}
