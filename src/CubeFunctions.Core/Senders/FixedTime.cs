using System.Security.Cryptography;
using System.Text;

namespace CubeFunctions.Core.Senders;

/// <summary>Compares secrets without telling by the time it takes how much of them was right, or how long they are.</summary>
internal static class FixedTime
{
    public static bool Same(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        // Hashes have one length: a comparison of the texts themselves would end at once when their lengths differ.
        Span<byte> oneHash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> otherHash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(one, oneHash);
        SHA256.HashData(other, otherHash);
        return CryptographicOperations.FixedTimeEquals(oneHash, otherHash);
    }

    public static bool Same(ReadOnlySpan<byte> one, string other) => Same(one, Encoding.UTF8.GetBytes(other));

    public static bool Same(string one, string other) => Same(Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other));
}
