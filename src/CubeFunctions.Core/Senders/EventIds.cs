using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CubeFunctions.Core.Senders;

/// <summary>Makes event ids of the sender's own, so that a repeat has the same one.</summary>
internal static class EventIds
{
    private const int MaxLength = 256;

    /// <summary>The parts with colons between them; a hash of them where that would be too long to be kept.</summary>
    public static string Of(params ReadOnlySpan<string?> parts)
    {
        var id = string.Join(':', parts);
        return id.Length <= MaxLength ? id : "sha256-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
    }

    /// <summary>The id of one customer in a post: the post's own, and its place where the post holds an array.</summary>
    public static string At(string post, int? index) =>
        index is { } place ? Of(post, place.ToString(CultureInfo.InvariantCulture)) : Of(post);
}
