using System.IO.Hashing;
using System.Text;

namespace CubeFunctions.Core.Changes;

/// <summary>A 128-bit hash of a key: so wide that two of a million customers never share one by chance.</summary>
internal readonly record struct KeyHash(ulong High, ulong Low) : IComparable<KeyHash>
{
    /// <summary>Hash of a key by its parts.</summary>
    public static KeyHash Of(string?[] parts)
    {
        var hash = XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(string.Join('\0', parts)));
        return new((ulong)(hash >> 64), (ulong)hash);
    }

    public int CompareTo(KeyHash other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);
}
