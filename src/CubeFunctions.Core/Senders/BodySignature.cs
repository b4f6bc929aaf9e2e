using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Core.Senders;

/// <summary>HMAC-SHA256 of the body alone, in a header of the sender's choosing, as many CRMs and scripts sign.</summary>
internal static class BodySignature
{
    public static SenderVerdict Verify(
        SenderSettings sender,
        SignatureEncoding encoding,
        IHeaderDictionary headers,
        ReadOnlySpan<byte> body
    )
    {
        var given = sender.Header is { } header ? headers[header].ToString().Trim() : "";
        if (given.Length == 0)
        {
            return SenderVerdict.MissingHeader;
        }

        if (!given.StartsWith(sender.Prefix, StringComparison.Ordinal))
        {
            return SenderVerdict.BadSignature;
        }

        given = given[sender.Prefix.Length..];
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        foreach (var secret in sender.Secrets)
        {
            HMACSHA256.HashData(secret.Key, body, hash);
            var same =
                encoding == SignatureEncoding.Base64
                    ? FixedTime.Same(Convert.ToBase64String(hash), given)
                    : FixedTime.Same(Convert.ToHexString(hash), given.ToUpperInvariant());
            if (same)
            {
                return SenderVerdict.Verified;
            }
        }

        return SenderVerdict.BadSignature;
    }
}
