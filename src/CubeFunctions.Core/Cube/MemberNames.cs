using System.Text;
using System.Text.Json;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Cube;

/// <summary>Members to look for in a record: parts, each with its alternatives, the best first.</summary>
internal sealed class MemberNames(IEnumerable<IReadOnlyList<string>> parts)
{
    private readonly byte[][][] _names = [.. parts.Select(part => part.Select(Encoding.UTF8.GetBytes).ToArray())];

    /// <summary>How many parts there are.</summary>
    public int Count => _names.Length;

    /// <summary>The part that the member under the reader belongs to, and its rank there; -1 where it belongs to none.</summary>
    public (int Part, int Rank) Find(ref Utf8JsonReader reader)
    {
        for (var part = 0; part < _names.Length; part++)
        {
            for (var rank = 0; rank < _names[part].Length; rank++)
            {
                if (JsonText.NameEquals(ref reader, _names[part][rank]))
                {
                    return (part, rank);
                }
            }
        }

        return (-1, 0);
    }
}
