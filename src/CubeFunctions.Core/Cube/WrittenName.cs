using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CubeFunctions.Core.Cube;

/// <summary>A member's name as pages write it, in quotes and with the colon, to be recognised by one comparison as a rule.</summary>
internal sealed class WrittenName
{
    private readonly Vector256<byte> _begin;
    private readonly Vector256<byte> _mask;

    /// <param name="name">The name, as UTF-8.</param>
    public WrittenName(ReadOnlySpan<byte> name)
    {
        Span<byte> begin = stackalloc byte[Vector256<byte>.Count];
        Span<byte> mask = stackalloc byte[Vector256<byte>.Count];
        if (JsonCursor.IsPlain(name))
        {
            Bytes = [(byte)'"', .. name, .. "\":"u8];
            var length = Math.Min(begin.Length, Bytes.Length);
            begin.Clear();
            Bytes.AsSpan(0, length).CopyTo(begin);
            mask.Clear();
            mask[..length].Fill(byte.MaxValue);
        }
        else
        {
            // A name that needs escapes is never recognised: its bytes between quotes would be no JSON.
            begin.Fill(1);
            mask.Clear();
        }

        (_begin, _mask) = (Vector256.Create<byte>(begin), Vector256.Create<byte>(mask));
    }

    public byte[] Bytes { get; } = [];

    /// <summary>Whether a text, as long as a register at least, begins with it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Begins(ReadOnlySpan<byte> text) =>
        (Vector256.Create(text) & _mask) == _begin && (Bytes.Length <= Vector256<byte>.Count || text.StartsWith(Bytes));
}
