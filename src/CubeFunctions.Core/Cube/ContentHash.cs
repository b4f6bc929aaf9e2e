using System.Buffers;
using System.IO.Hashing;
using System.Text.Json;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Cube;

/// <summary>Hashes values so that equal content has equal hashes, however Cube spells it.</summary>
/// <remarks>
/// The order of members, insignificant white space and escapes do not count. A number, <c>true</c> and <c>false</c> are hashed as the text
/// that they are written with, so that <c>355116</c> equals <c>"355116"</c>; <c>1.0</c> and <c>1</c>, or <c>007</c> and <c>7</c>, differ.
/// <c>""</c>, <c>null</c>, <c>{}</c>, <c>[]</c> and a member that is missing are all "no value": Cube writes <c>""</c> where null is meant,
/// and leaves fields out at will. Half a surrogate pair counts as U+FFFD.
/// </remarks>
internal static class ContentHash
{
    private const long ObjectSeed = 0x6F626A656374;
    private const long ArraySeed = 0x6172726179;
    private static readonly Hash128 One = new(0, 1);

    /// <summary>What the hash of a member's value begins with: its name counts by it.</summary>
    public static long SeedOf(ReadOnlySpan<byte> name) => (long)XxHash3.HashToUInt64(name);

    /// <summary>Hashes a member; its name was read last, and its value is read to its end.</summary>
    /// <returns>Zero where it has no value. Members of a record are added up, so that their order does not count.</returns>
    public static Hash128 Member(ref JsonCursor cursor)
    {
        var seed = SeedOf(Text(ref cursor, out var rented));
        Return(rented);
        cursor.Read();
        return Value(ref cursor, seed);
    }

    /// <summary>Hashes a value; it was read last and is read to its end.</summary>
    public static Hash128 Value(ref JsonCursor cursor, long seed) =>
        cursor.TokenType switch
        {
            JsonTokenType.Null => default,
            JsonTokenType.StartObject => Object(ref cursor, seed),
            JsonTokenType.StartArray => Array(ref cursor, seed),
            _ => Scalar(ref cursor, seed),
        };

    private static Hash128 Scalar(ref JsonCursor cursor, long seed)
    {
        if (!cursor.IsEscaped)
        {
            return cursor.ValueLength == 0 ? default : Hash128.Of(cursor.Value, seed);
        }

        var text = Text(ref cursor, out var rented);
        var hash = Hash128.Of(text, seed);
        Return(rented);
        return hash;
    }

    private static Hash128 Object(ref JsonCursor cursor, long seed)
    {
        var sum = default(Hash128);
        for (var more = cursor.First(JsonCursor.EndOfObject); more; more = cursor.Next(JsonCursor.EndOfObject))
        {
            cursor.ReadName();
            sum += Member(ref cursor);
        }

        return Mix(sum, seed ^ ObjectSeed);
    }

    private static Hash128 Array(ref JsonCursor cursor, long seed)
    {
        var all = default(Hash128);
        var number = 0L;
        for (var more = cursor.First(JsonCursor.EndOfArray); more; more = cursor.Next(JsonCursor.EndOfArray))
        {
            cursor.Read();
            all += Mix(Value(ref cursor, ++number) + One, number);
        }

        return Mix(all, seed ^ ArraySeed);
    }

    private static Hash128 Mix(Hash128 value, long seed) => value == default ? value : value.Hashed(seed);

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
