using System.Collections.Immutable;
using System.Text.Json;

namespace Cube.Simulator.Rows;

/// <summary>The customers feed: generated customers first, then added ones.</summary>
internal sealed class CustomerRows : IRows
{
    private readonly CustomerTable table;
    private readonly CustomerWriter writer;
    private readonly CustomerState state;
    private readonly ImmutableSortedSet<int> absent;
    private readonly long[] added;
    private readonly int generated;

    public CustomerRows(CustomerTable table, CustomerWriter writer)
    {
        this.table = table;
        this.writer = writer;
        state = table.State;
        absent = state.Hidden.IsEmpty ? state.Deleted : state.Deleted.Union(state.Hidden);
        generated = table.Assignment.CustomerCount - absent.Count;
        added = [.. state.Added.Where(state.Overlays.ContainsKey)];
    }

    public int Count => generated + added.Length;

    public IEnumerable<long> Ids => Enumerable.Range(0, Count).Select(IdAt);

    public void Write(Utf8JsonWriter json, int position) => writer.WriteListed(json, table, state, IdAt(position));

    private long IdAt(int position) =>
        position < generated ? table.Assignment.InternalId(Skip.At(absent, position)) : added[position - generated];
}
