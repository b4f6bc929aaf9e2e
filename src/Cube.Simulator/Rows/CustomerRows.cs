using System.Collections.Immutable;
using System.Text.Json;

namespace Cube.Simulator.Rows;

/// <summary>The customers feed: generated customers first, then added ones.</summary>
internal sealed class CustomerRows : IRows
{
    private readonly CustomerTable table;
    private readonly bool laterFields;
    private readonly CustomerState state;
    private readonly ImmutableSortedSet<int> absent;
    private readonly long[] added;
    private readonly int generated;

    public CustomerRows(CustomerTable table, bool laterFields)
    {
        this.table = table;
        this.laterFields = laterFields;
        state = table.State;
        absent = state.Hidden.IsEmpty ? state.Deleted : state.Deleted.Union(state.Hidden);
        generated = table.Assignment.CustomerCount - absent.Count;
        added = [.. state.Added.Where(state.Overlays.ContainsKey)];
    }

    public int Count => generated + added.Length;

    public void Write(Utf8JsonWriter json, int position)
    {
        var id = position < generated ? table.Assignment.InternalId(Skip.At(absent, position)) : added[position - generated];
        if (laterFields)
            table.WriteLater(json, state, id, feed: 1);
        else
            table.WriteEarly(json, state, id);
    }
}
