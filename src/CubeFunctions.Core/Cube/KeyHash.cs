using System.Runtime.InteropServices;
using System.Text;

namespace CubeFunctions.Core.Cube;

/// <summary>A 128-bit hash of a key: so wide that two of a million customers never share one by chance.</summary>
/// <param name="High">The upper half.</param>
/// <param name="Low">The lower half.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct KeyHash(ulong High, ulong Low) : IComparable<KeyHash>
{
    /// <summary>The key of a record that has lost its only id.</summary>
    public static KeyHash None { get; } = Of(ReadOnlySpan<byte>.Empty);

    /// <summary>Hash of a key by its parts, a zero byte between them.</summary>
    public static KeyHash Of(string?[] parts) => Of(Encoding.UTF8.GetBytes(string.Join('\0', parts)));

    /// <summary>Hash of a key by its parts as UTF-8, a zero byte between them.</summary>
    public static KeyHash Of(ReadOnlySpan<byte> parts)
    {
        var hash = Hash128.Of(parts);
        return new(hash.High, hash.Low);
    }

    public int CompareTo(KeyHash other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);
}
