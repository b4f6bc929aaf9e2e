using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;

namespace CubeFunctions.Core.Cube;

/// <summary>
/// A 128-bit hash, or the sum of several. No <see cref="UInt128"/>: how that is passed differs from machine to machine, so that code which
/// takes or returns one is never compiled ahead.
/// </summary>
/// <param name="High">The upper half.</param>
/// <param name="Low">The lower half.</param>
public readonly record struct Hash128(ulong High, ulong Low)
{
    /// <summary>Bytes that it takes.</summary>
    internal const int Size = 16;

    /// <summary>The sum, without what does not fit.</summary>
    public static Hash128 operator +(Hash128 left, Hash128 right)
    {
        unchecked
        {
            var low = left.Low + right.Low;
            return new(left.High + right.High + (low < left.Low ? 1UL : 0UL), low);
        }
    }

    /// <summary>Its 32 lower-case hexadecimal digits.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{High:x16}{Low:x16}");

    /// <summary>XxHash128 of bytes.</summary>
    internal static Hash128 Of(ReadOnlySpan<byte> bytes, long seed = 0)
    {
        Span<byte> hash = stackalloc byte[Size];
        XxHash128.Hash(bytes, hash, seed);
        return new(BinaryPrimitives.ReadUInt64BigEndian(hash), BinaryPrimitives.ReadUInt64BigEndian(hash[sizeof(ulong)..]));
    }

    /// <summary>What 32 hexadecimal digits stand for.</summary>
    internal static Hash128 Parse(ReadOnlySpan<char> digits) => new(HalfOf(digits[..Size]), HalfOf(digits[Size..(2 * Size)]));

    /// <summary>XxHash128 of itself, the lower half first, each half little endian.</summary>
    internal Hash128 Hashed(long seed)
    {
        Span<byte> bytes = stackalloc byte[Size];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Low);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[sizeof(ulong)..], High);
        return Of(bytes, seed);
    }

    private static ulong HalfOf(ReadOnlySpan<char> digits) =>
        ulong.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
