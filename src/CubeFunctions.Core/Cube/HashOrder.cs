using System.Buffers;
using System.Numerics;

namespace CubeFunctions.Core.Cube;

/// <summary>The hash that something is ordered by first.</summary>
internal interface IHashOf<T>
{
    /// <summary>The hash; of two whose order it decides, the smaller comes first.</summary>
    ulong Of(in T value);
}

/// <summary>
/// Sorts by hashes. They are spread evenly, so that their upper bits say nearly where each belongs; and unlike the framework's sort, which
/// it makes by reflection, this is compiled ahead.
/// </summary>
internal static class HashOrder
{
    private const int MaxBits = 16;

    /// <summary>So many to a place are sorted by insertion; more have equal hashes, and are sorted as anything is.</summary>
    private const int Few = 32;

    /// <summary>Sorts in place.</summary>
    public static void Sort<T, THash>(Span<T> values)
        where T : struct, IComparable<T>
        where THash : struct, IHashOf<T>
    {
        if (values.Length <= Few)
        {
            Insert(values);
            return;
        }

        // Four to a place, as a rule.
        var bits = Math.Min(MaxBits, BitOperations.Log2((uint)values.Length) - 2);
        var (places, shift) = (1 << bits, 64 - bits);
        var rented = ArrayPool<int>.Shared.Rent(2 * places);
        var next = rented.AsSpan(0, places);
        var ends = rented.AsSpan(places, places);
        ends.Clear();
        foreach (ref readonly var value in values)
        {
            ends[(int)(default(THash).Of(value) >> shift)]++;
        }

        var before = 0;
        for (var place = 0; place < places; place++)
        {
            next[place] = before;
            ends[place] = before += ends[place];
        }

        for (var place = 0; place < places; place++)
        {
            var start = place == 0 ? 0 : ends[place - 1];
            Fill<T, THash>(values, place, shift, next, ends[place]);
            var here = values[start..ends[place]];
            if (here.Length <= Few)
            {
                Insert(here);
            }
            else
            {
                here.Sort();
            }
        }

        ArrayPool<int>.Shared.Return(rented);
    }

    /// <summary>Brings to a place what belongs there; what stands in the way goes to its own.</summary>
    private static void Fill<T, THash>(Span<T> values, int place, int shift, Span<int> next, int end)
        where T : struct
        where THash : struct, IHashOf<T>
    {
        while (next[place] < end)
        {
            var value = values[next[place]];
            for (var home = (int)(default(THash).Of(value) >> shift); home != place; home = (int)(default(THash).Of(value) >> shift))
            {
                ref var other = ref values[next[home]++];
                (value, other) = (other, value);
            }

            values[next[place]++] = value;
        }
    }

    private static void Insert<T>(Span<T> values)
        where T : struct, IComparable<T>
    {
        for (var i = 1; i < values.Length; i++)
        {
            var value = values[i];
            var at = i;
            for (; at > 0 && value.CompareTo(values[at - 1]) < 0; at--)
            {
                values[at] = values[at - 1];
            }

            values[at] = value;
        }
    }
}
