using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Core.Senders;

/// <summary>
/// HubSpot's signature v3 (developers.hubspot.com, Validating requests): base64 of HMAC-SHA256, keyed with the app's client secret,
/// over method, URI, body and the timestamp header (milliseconds), with nothing between them. Older than five minutes is refused.
/// </summary>
internal static class HubSpotSignature
{
    public const string SignatureHeader = "X-HubSpot-Signature-v3";
    public const string TimestampHeader = "X-HubSpot-Request-Timestamp";

    public static SenderVerdict Verify(
        SenderSettings sender,
        string method,
        string pathAndQuery,
        IHeaderDictionary headers,
        ReadOnlySpan<byte> body,
        DateTimeOffset now
    )
    {
        var signature = headers[SignatureHeader].ToString();
        var timestamp = headers[TimestampHeader].ToString();
        if (signature.Length == 0 || timestamp.Length == 0)
        {
            return SenderVerdict.MissingHeader;
        }

        if (
            !long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            || milliseconds > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
        )
        {
            return SenderVerdict.BadTimestamp;
        }

        if (SenderVerifier.Age(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), now) is var age and not SenderVerdict.Verified)
        {
            return age;
        }

        if (sender.PublicUrl is null)
        {
            return SenderVerdict.BadSignature;
        }

        var head = Encoding.UTF8.GetBytes(method.ToUpperInvariant() + HubSpotUri.Signed(sender.PublicUrl, pathAndQuery));
        var tail = Encoding.UTF8.GetBytes(timestamp);
        foreach (var secret in sender.Secrets)
        {
            using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret.Key);
            hmac.AppendData(head);
            hmac.AppendData(body);
            hmac.AppendData(tail);
            if (FixedTime.Same(Convert.ToBase64String(hmac.GetHashAndReset()), signature))
            {
                return SenderVerdict.Verified;
            }
        }

        return SenderVerdict.BadSignature;
    }
}
