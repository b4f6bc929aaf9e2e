using System.Text.Json;

namespace Cube.Simulator.Rows;

/// <summary>The rows of a feed as one request sees them: any of them can be written without the others.</summary>
internal interface IRows
{
    int Count { get; }

    /// <summary>Writes the members of a row, without its braces.</summary>
    void Write(Utf8JsonWriter json, int position);

    /// <summary>Where the rows of a day stand; nowhere in feeds without days.</summary>
    (int First, int Count) PositionsOf(DateOnly day) => default;
}
