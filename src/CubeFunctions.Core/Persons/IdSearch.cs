using System.Buffers.Text;
using System.Text;

namespace CubeFunctions.Core.Persons;

/// <summary>
/// Tells by the bytes alone whether JSON may hold one of some ids, so that pages without them need not be parsed. It never misses one,
/// however it is escaped, and may take for one what only contains it.
/// </summary>
internal sealed class IdSearch(IReadOnlyCollection<string> ids)
{
    private const int Digits = 4;
    private readonly byte[][] _ids = [.. ids.Select(Encoding.UTF8.GetBytes)];
    private readonly HashSet<char> _letters = [.. ids.SelectMany(id => id)];

    /// <summary>Letters that JSON may write with a backslash and themselves.</summary>
    private readonly bool _quoted = ids.Any(id => id.AsSpan().IndexOfAny('"', '\\', '/') >= 0);

    public bool MayHold(ReadOnlySpan<byte> json)
    {
        foreach (var id in _ids)
        {
            if (json.IndexOf(id) >= 0)
            {
                return true;
            }
        }

        return (_quoted && json.Contains((byte)'\\')) || HasEscapedLetter(json);
    }

    /// <summary>Whether a letter of an id is written as <c>\u0041</c>: then the id may be there in part escaped.</summary>
    private bool HasEscapedLetter(ReadOnlySpan<byte> json)
    {
        for (var at = json.IndexOf("\\u"u8); at >= 0; at = json.IndexOf("\\u"u8))
        {
            json = json[(at + 2)..];
            if (
                json.Length >= Digits
                && Utf8Parser.TryParse(json[..Digits], out ushort unit, out var used, 'x')
                && used == Digits
                && _letters.Contains((char)unit)
            )
            {
                return true;
            }
        }

        return false;
    }
}
