using System.Runtime.InteropServices;
using CubeFunctions.Core.Cube;

namespace CubeFunctions.Core.Changes;

/// <summary>What is known of one record. Its fields are in the order and of the sizes that <see cref="StateFormat"/> writes.</summary>
/// <param name="Key">Hash of its key, without the ordinal.</param>
/// <param name="Content">Hash of its content.</param>
/// <param name="Alias">Hash of the id that was imported, in the customers feed; 0 where there is none.</param>
/// <param name="Day">The day that it is filed under, as <see cref="DateOnly.DayNumber"/>; 0 in undated feeds.</param>
/// <param name="Page">Number of the page that it was last seen in, from 1.</param>
/// <param name="Source">Which manifest names that page: index into <see cref="ScopeState.Sources"/>.</param>
/// <param name="Ordinal">Tells records of equal keys apart; kept as long as the record is known.</param>
/// <param name="Flags">Marks.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct StateEntry(
    KeyHash Key,
    ulong Content,
    ulong Alias,
    int Day,
    int Page,
    ushort Source,
    ushort Ordinal,
    EntryFlags Flags
) : IComparable<StateEntry>
{
    /// <summary>The same record, seen as it is known on a page of the reading that is compared.</summary>
    public StateEntry AsSeen(int page) => this with { Page = page, Source = SourceTable.Current, Flags = Flags & EntryFlags.Anonymised };

    /// <summary>Sorts entries: by the upper half of their keys, which nearly always differs, and where it does not as a whole.</summary>
    public static void Sort(Span<StateEntry> entries) => HashOrder.Sort<StateEntry, ByKey>(entries);

    public int CompareTo(StateEntry other)
    {
        var keys = Key.CompareTo(other.Key);
        if (keys != 0)
        {
            return keys;
        }

        var contents = Content.CompareTo(other.Content);
        return contents != 0 ? contents : Ordinal.CompareTo(other.Ordinal);
    }

    private readonly struct ByKey : IHashOf<StateEntry>
    {
        public ulong Of(in StateEntry value) => value.Key.High;
    }
}
