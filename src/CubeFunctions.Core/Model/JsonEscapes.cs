using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;

namespace CubeFunctions.Core.Model;

/// <summary>
/// Text in JSON that Cube sends: escapes are undone without a fault whatever they say, and what is handed on to others is made valid UTF-8
/// first. Half a surrogate
/// pair and bytes that are no UTF-8 become U+FFFD; raw pages keep them.
/// </summary>
internal static class JsonEscapes
{
    private const int UnitDigits = 4;

    private static ReadOnlySpan<byte> Replacement => "\uFFFD"u8;

    /// <summary>Undoes the escapes of a JSON text.</summary>
    /// <param name="escaped">The bytes between the quotes, as the tokeniser has checked them.</param>
    /// <param name="text">Takes the text: never longer than <paramref name="escaped"/>.</param>
    /// <returns>Its length.</returns>
    public static int Undo(ReadOnlySpan<byte> escaped, Span<byte> text)
    {
        var written = 0;
        while (true)
        {
            var plain = escaped.IndexOf((byte)'\\');
            if (plain < 0)
            {
                escaped.CopyTo(text[written..]);
                return written + escaped.Length;
            }

            escaped[..plain].CopyTo(text[written..]);
            written += plain;
            escaped = escaped[plain..];
            if (escaped[1] == (byte)'u')
            {
                written += Unit(ref escaped, text[written..]);
                continue;
            }

            text[written++] = escaped[1] switch
            {
                (byte)'n' => (byte)'\n',
                (byte)'r' => (byte)'\r',
                (byte)'t' => (byte)'\t',
                (byte)'b' => (byte)'\b',
                (byte)'f' => (byte)'\f',
                var other => other,
            };
            escaped = escaped[2..];
        }
    }

    /// <summary>Text between quotes as a string; half a surrogate pair and bytes that are no UTF-8 as U+FFFD.</summary>
    public static string ToText(ReadOnlySpan<byte> value, bool escaped)
    {
        if (!escaped)
        {
            return Encoding.UTF8.GetString(value);
        }

        var rented = ArrayPool<byte>.Shared.Rent(value.Length);
        try
        {
            return Encoding.UTF8.GetString(rented.AsSpan(0, Undo(value, rented)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>
    /// JSON that any reader takes: the same bytes where they are valid UTF-8 without half surrogates, else a copy that is.
    /// </summary>
    public static ReadOnlyMemory<byte> Valid(ReadOnlyMemory<byte> json)
    {
        if (!Utf8.IsValid(json.Span))
        {
            // The decoder replaces what is no UTF-8.
            json = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json.Span));
        }

        return HasHalf(json.Span) ? WithoutHalves(json.Span) : json;
    }

    private static bool HasHalf(ReadOnlySpan<byte> json)
    {
        for (var at = NextSurrogate(json, 0); at >= 0; at = NextSurrogate(json, at))
        {
            if (!IsPair(json[at..]))
            {
                return true;
            }

            at += 12;
        }

        return false;
    }

    private static byte[] WithoutHalves(ReadOnlySpan<byte> json)
    {
        var copy = json.ToArray();
        for (var at = NextSurrogate(copy, 0); at >= 0; at = NextSurrogate(copy, at))
        {
            if (IsPair(copy.AsSpan(at)))
            {
                at += 12;
            }
            else
            {
                "\\ufffd"u8.CopyTo(copy.AsSpan(at));
                at += 6;
            }
        }

        return copy;
    }

    /// <summary>Where the next escape of a surrogate begins; a backslash that is itself escaped begins none.</summary>
    private static int NextSurrogate(ReadOnlySpan<byte> json, int from)
    {
        while (from < json.Length)
        {
            var next = json[from..].IndexOf((byte)'\\');
            if (next < 0)
            {
                return -1;
            }

            from += next;
            if (UnitAt(json[from..]) is { } unit && char.IsSurrogate(unit))
            {
                return from;
            }

            from += 2;
        }

        return -1;
    }

    private static bool IsPair(ReadOnlySpan<byte> json) =>
        UnitAt(json) is { } high && char.IsHighSurrogate(high) && UnitAt(json[6..]) is { } low && char.IsLowSurrogate(low);

    private static char? UnitAt(ReadOnlySpan<byte> json) =>
        json.Length >= 2 + UnitDigits
        && json[0] == (byte)'\\'
        && json[1] == (byte)'u'
        && Utf8Parser.TryParse(json.Slice(2, UnitDigits), out ushort unit, out var used, 'x')
        && used == UnitDigits
            ? (char)unit
            : null;

    /// <summary>Writes what one escape, or the two of a pair, stand for, and goes on behind it.</summary>
    private static int Unit(ref ReadOnlySpan<byte> escaped, Span<byte> text)
    {
        var unit = UnitAt(escaped)!.Value;
        if (IsPair(escaped))
        {
            var rune = new Rune(unit, UnitAt(escaped[6..])!.Value);
            escaped = escaped[12..];
            return rune.EncodeToUtf8(text);
        }

        escaped = escaped[6..];
        if (Rune.TryCreate(unit, out var alone))
        {
            return alone.EncodeToUtf8(text);
        }

        Replacement.CopyTo(text);
        return Replacement.Length;
    }
}
