using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Text.Json;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Cube;

/// <summary>Hashes values so that equal content has equal hashes, however Cube spells it.</summary>
/// <remarks>
/// The order of members, insignificant white space and escapes do not count. A number, <c>true</c> and <c>false</c> are hashed as the text
/// that they are written with, so that <c>355116</c> equals <c>"355116"</c>; <c>1.0</c> and <c>1</c>, or <c>007</c> and <c>7</c>, differ.
/// <c>""</c>, <c>null</c>, <c>{}</c>, <c>[]</c> and a member that is missing are all "no value": Cube writes <c>""</c> where null is meant,
/// and leaves fields out at will. Half a surrogate pair counts as U+FFFD. Code that passes 128-bit numbers is not compiled ahead: it is
/// optimized at once, since every value of every page passes it.
/// </remarks>
internal static class ContentHash
{
    private const long ObjectSeed = 0x6F626A656374;
    private const long ArraySeed = 0x6172726179;

    /// <summary>What the hash of a member's value begins with: its name counts by it.</summary>
    public static long SeedOf(ReadOnlySpan<byte> name) => (long)XxHash3.HashToUInt64(name);

    /// <summary>Hashes a member; its name was read last, and its value is read to its end.</summary>
    /// <returns>Zero where it has no value. Members of a record are added up, so that their order does not count.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static UInt128 Member(ref JsonCursor cursor)
    {
        var seed = SeedOf(Text(ref cursor, out var rented));
        Return(rented);
        cursor.Read();
        return Value(ref cursor, seed);
    }

    /// <summary>Hashes a value; it was read last and is read to its end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static UInt128 Value(ref JsonCursor cursor, long seed) =>
        cursor.TokenType switch
        {
            JsonTokenType.Null => UInt128.Zero,
            JsonTokenType.StartObject => Object(ref cursor, seed),
            JsonTokenType.StartArray => Array(ref cursor, seed),
            _ => Scalar(ref cursor, seed),
        };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static UInt128 Scalar(ref JsonCursor cursor, long seed)
    {
        if (!cursor.IsEscaped)
        {
            return cursor.ValueLength == 0 ? UInt128.Zero : XxHash128.HashToUInt128(cursor.Value, seed);
        }

        var text = Text(ref cursor, out var rented);
        var hash = XxHash128.HashToUInt128(text, seed);
        Return(rented);
        return hash;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static UInt128 Object(ref JsonCursor cursor, long seed)
    {
        var sum = UInt128.Zero;
        for (var more = cursor.First(JsonCursor.EndOfObject); more; more = cursor.Next(JsonCursor.EndOfObject))
        {
            cursor.ReadName();
            unchecked
            {
                sum += Member(ref cursor);
            }
        }

        return Mix(sum, seed ^ ObjectSeed);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static UInt128 Array(ref JsonCursor cursor, long seed)
    {
        var all = UInt128.Zero;
        var number = 0L;
        for (var more = cursor.First(JsonCursor.EndOfArray); more; more = cursor.Next(JsonCursor.EndOfArray))
        {
            cursor.Read();
            unchecked
            {
                all += Mix(Value(ref cursor, ++number) + 1, number);
            }
        }

        return Mix(all, seed ^ ArraySeed);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static UInt128 Mix(UInt128 value, long seed)
    {
        if (value == UInt128.Zero)
        {
            return value;
        }

        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, value);
        return XxHash128.HashToUInt128(bytes, seed);
    }

    private static ReadOnlySpan<byte> Text(ref JsonCursor cursor, out byte[]? rented)
    {
        rented = null;
        if (!cursor.IsEscaped)
        {
            return cursor.Value;
        }

        rented = ArrayPool<byte>.Shared.Rent(cursor.ValueLength);
        return rented.AsSpan(0, JsonEscapes.Undo(cursor.Value, rented));
    }

    private static void Return(byte[]? rented)
    {
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
