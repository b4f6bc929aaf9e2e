using System.Collections.Immutable;

namespace Cube.Simulator.Rows;

/// <summary>Finds rows by position in a numbered sequence that lacks some numbers.</summary>
internal static class Skip
{
    /// <summary>The number at a position, when <paramref name="missing"/> are left out.</summary>
    public static int At(ImmutableSortedSet<int> missing, int position)
    {
        int low = 0,
            high = missing.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (missing[middle] - middle <= position)
                low = middle + 1;
            else
                high = middle;
        }

        return position + low;
    }
}
