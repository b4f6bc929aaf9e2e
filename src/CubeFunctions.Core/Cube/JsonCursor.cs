using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Text;
using System.Text.Json;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Cube;

/// <summary>
/// Reads JSON forward, value by value. As strict as <see cref="Utf8JsonReader"/> is by default, and it fails where that fails; a member
/// whose name is expected costs one comparison, which is why pages are not read with the other.
/// </summary>
/// <remarks>
/// Bytes that are no UTF-8 are no fault, and names may repeat: both are for the caller to judge. Every fault is a
/// <see cref="JsonException"/>.
/// </remarks>
internal ref struct JsonCursor(ReadOnlySpan<byte> json)
{
    public const byte EndOfObject = (byte)'}';
    public const byte EndOfArray = (byte)']';
    private const int MaxDepth = 64;

    /// <summary>The highest control character: in text they are only allowed escaped.</summary>
    private const byte LastControl = 0x1F;
    private static readonly SearchValues<byte> Special = SearchValues.Create([
        (byte)'"',
        (byte)'\\',
        .. Enumerable.Range(0, LastControl + 1).Select(static value => (byte)value),
    ]);

    private readonly ReadOnlySpan<byte> _json = json;
    private int _depth;

    /// <summary>Where the next value is looked for.</summary>
    public int Position { get; private set; }

    /// <summary>What was read last. Of an object or array only its beginning was.</summary>
    public JsonTokenType TokenType { get; private set; }

    /// <summary>Whether <see cref="Value"/> holds escapes.</summary>
    public bool IsEscaped { get; private set; }

    /// <summary>Where <see cref="Value"/> begins.</summary>
    public int ValueStart { get; private set; }

    /// <summary>Its length.</summary>
    public int ValueLength { get; private set; }

    /// <summary>The name, text, number or literal that was read last; of names and texts what stands between the quotes.</summary>
    public readonly ReadOnlySpan<byte> Value => _json.Slice(ValueStart, ValueLength);

    /// <summary>Whether a name can be written as it is.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> name) => !name.ContainsAny(Special);

    /// <summary>A text or number as text; null for anything else.</summary>
    public readonly string? ToText() =>
        TokenType switch
        {
            JsonTokenType.String => JsonEscapes.ToText(Value, IsEscaped),
            JsonTokenType.Number => Encoding.UTF8.GetString(Value),
            _ => null,
        };

    /// <summary>Reads a value; of an object or array its beginning.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Read()
    {
        if (!TryReadShort())
        {
            ReadAny();
        }
    }

    /// <summary>Whether the object or array that has just begun holds something; an empty one is left.</summary>
    /// <param name="end">Its last character.</param>
    public bool First(byte end)
    {
        if (Peek() != end)
        {
            return true;
        }

        Position++;
        _depth--;
        return false;
    }

    /// <summary>Whether something follows in the object or array; one that is over is left.</summary>
    /// <param name="end">Its last character.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Next(byte end)
    {
        var rest = _json[Position..];
        if (rest is [(byte)',', > (byte)' ', ..])
        {
            Position++;
            return true;
        }

        return NextAny(end);
    }

    /// <summary>Reads a member's name, and the colon.</summary>
    public void ReadName()
    {
        if (Peek() != (byte)'"')
        {
            throw Broken();
        }

        ReadText();
        TokenType = JsonTokenType.PropertyName;
        if (Peek() != (byte)':')
        {
            throw Broken();
        }

        Position++;
    }

    /// <summary>Goes past a member's name and its colon, where they are written as expected.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPass(WrittenName name)
    {
        var rest = _json[Position..];
        if (rest.Length < Vector256<byte>.Count || !name.Begins(rest))
        {
            return false;
        }

        Position += name.Bytes.Length;
        return true;
    }

    /// <summary>Goes to the end of the value that was read last.</summary>
    public void Skip()
    {
        if (TokenType == JsonTokenType.StartObject)
        {
            for (var more = First(EndOfObject); more; more = Next(EndOfObject))
            {
                ReadName();
                Read();
                Skip();
            }
        }
        else if (TokenType == JsonTokenType.StartArray)
        {
            for (var more = First(EndOfArray); more; more = Next(EndOfArray))
            {
                Read();
                Skip();
            }
        }
    }

    /// <summary>Checks that nothing follows.</summary>
    public void End()
    {
        SkipSpace();
        if (Position < _json.Length)
        {
            throw Broken();
        }
    }

    private static JsonException Broken() => new("The JSON is broken or cut off.");

    private static bool IsSpace(byte value) => value is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';

    private void SkipSpace()
    {
        while (Position < _json.Length && IsSpace(_json[Position]))
        {
            Position++;
        }
    }

    /// <summary>The next character that is no white space; it is not read yet.</summary>
    private byte Peek()
    {
        var at = Position;
        if ((uint)at < (uint)_json.Length && _json[at] is > (byte)' ' and var next)
        {
            return next;
        }

        SkipSpace();
        return Position < _json.Length ? _json[Position] : throw Broken();
    }

    private void ReadAny()
    {
        var first = Peek();
        if (first == (byte)'"')
        {
            ReadText();
            TokenType = JsonTokenType.String;
            return;
        }

        IsEscaped = false;
        ValueStart = Position;
        switch (first)
        {
            case (byte)'{':
                Enter(JsonTokenType.StartObject);
                break;
            case (byte)'[':
                Enter(JsonTokenType.StartArray);
                break;
            case (byte)'t':
                ReadLiteral("true"u8, JsonTokenType.True);
                break;
            case (byte)'f':
                ReadLiteral("false"u8, JsonTokenType.False);
                break;
            case (byte)'n':
                ReadLiteral("null"u8, JsonTokenType.Null);
                break;
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                ReadNumber();
                break;
            default:
                throw Broken();
        }
    }

    private bool NextAny(byte end)
    {
        var next = Peek();
        Position++;
        if (next == (byte)',')
        {
            Peek();
            return true;
        }

        if (next != end)
        {
            throw Broken();
        }

        _depth--;
        return false;
    }

    /// <summary>Reads a text without escapes that ends within one register, as most do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryReadShort()
    {
        var rest = _json[Position..];
        if (rest.Length <= Vector256<byte>.Count || rest[0] != (byte)'"')
        {
            return false;
        }

        var length = BitOperations.TrailingZeroCount(SpecialsIn(rest[1..]));
        if (length >= Vector256<byte>.Count || rest[length + 1] != (byte)'"')
        {
            return false;
        }

        (ValueStart, ValueLength, IsEscaped, TokenType) = (Position + 1, length, false, JsonTokenType.String);
        Position += length + 2;
        return true;
    }

    private void Enter(JsonTokenType type)
    {
        if (_depth == MaxDepth)
        {
            throw Broken();
        }

        _depth++;
        Position++;
        TokenType = type;
    }

    private void ReadLiteral(ReadOnlySpan<byte> literal, JsonTokenType type)
    {
        if (!_json[Position..].StartsWith(literal))
        {
            throw Broken();
        }

        TokenType = type;
        ValueLength = literal.Length;
        Position += literal.Length;
    }

    private void ReadText()
    {
        var start = Position + 1;
        var length = FindSpecial(start);
        ValueStart = start;
        IsEscaped = false;
        while (_json[start + length] != (byte)'"')
        {
            IsEscaped = true;
            length += EscapeLength(_json[(start + length)..]);
            length += FindSpecial(start + length);
        }

        ValueLength = length;
        Position = start + length + 1;
    }

    /// <summary>How far it is to the next quote, backslash or control character.</summary>
    private readonly int FindSpecial(int from)
    {
        var rest = _json[from..];
        var passed = 0;
        while (rest.Length >= Vector256<byte>.Count)
        {
            if (SpecialsIn(rest) is not 0 and var found)
            {
                return passed + BitOperations.TrailingZeroCount(found);
            }

            passed += Vector256<byte>.Count;
            rest = rest[Vector256<byte>.Count..];
        }

        return rest.IndexOfAny(Special) is >= 0 and var last ? passed + last : throw Broken();
    }

    /// <summary>Quotes, backslashes and control characters among the first bytes, a bit each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint SpecialsIn(ReadOnlySpan<byte> text)
    {
        var some = Vector256.Create(text);
        return (
            Vector256.Equals(some, Vector256.Create((byte)'"'))
            | Vector256.Equals(some, Vector256.Create((byte)'\\'))
            | Vector256.Equals(Vector256.Min(some, Vector256.Create(LastControl)), some)
        ).ExtractMostSignificantBits();
    }

    private static int EscapeLength(ReadOnlySpan<byte> escape)
    {
        const int UnitLength = 6;
        if (escape[0] != (byte)'\\' || escape.Length < 2)
        {
            throw Broken();
        }

        if (escape[1] != (byte)'u')
        {
            return "\"\\/bfnrt"u8.Contains(escape[1]) ? 2 : throw Broken();
        }

        if (escape.Length < UnitLength)
        {
            throw Broken();
        }

        foreach (var digit in escape[2..UnitLength])
        {
            if (!char.IsAsciiHexDigit((char)digit))
            {
                throw Broken();
            }
        }

        return UnitLength;
    }

    private void ReadNumber()
    {
        var at = Position + (_json[Position] == (byte)'-' ? 1 : 0);
        at = at < _json.Length && _json[at] == (byte)'0' ? at + 1 : AfterDigits(at);
        if (at < _json.Length && _json[at] == (byte)'.')
        {
            at = AfterDigits(at + 1);
        }

        if (at < _json.Length && _json[at] is (byte)'e' or (byte)'E')
        {
            at++;
            at = AfterDigits(at < _json.Length && _json[at] is (byte)'+' or (byte)'-' ? at + 1 : at);
        }

        // Only a number that is alone may end with the bytes.
        if (at < _json.Length ? !(IsSpace(_json[at]) || ",]}/"u8.Contains(_json[at])) : _depth > 0)
        {
            throw Broken();
        }

        TokenType = JsonTokenType.Number;
        ValueLength = at - Position;
        Position = at;
    }

    /// <summary>The place behind one digit or more.</summary>
    private readonly int AfterDigits(int from)
    {
        var at = from;
        while (at < _json.Length && char.IsAsciiDigit((char)_json[at]))
        {
            at++;
        }

        return at > from ? at : throw Broken();
    }
}
