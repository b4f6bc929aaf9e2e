using System.Text.Json;

namespace Cube.Simulator.Rows;

/// <summary>Rows under the tenant's rules for values.</summary>
internal sealed class RuledRows(IRows rows, ValueRules rules) : IRows
{
    public int Count => rows.Count;

    public void Write(Utf8JsonWriter json, int position) => rules.Write(json, record => rows.Write(record, position));

    public (int First, int Count) PositionsOf(DateOnly day) => rows.PositionsOf(day);
}
