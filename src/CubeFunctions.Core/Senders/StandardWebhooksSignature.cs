using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Core.Senders;

/// <summary>
/// The symmetric signature (<c>v1</c>) of the Standard Webhooks specification: base64 of HMAC-SHA256 over <c>id.timestamp.body</c>, the
/// timestamp in seconds; several signatures, parted by spaces, while the sender replaces its secret. Asymmetric signatures (<c>v1a</c>)
/// prove nothing here.
/// </summary>
internal static class StandardWebhooksSignature
{
    public const string IdHeader = "webhook-id";
    public const string TimestampHeader = "webhook-timestamp";
    public const string SignatureHeader = "webhook-signature";

    /// <summary>Svix, where the specification comes from, names its headers so by default.</summary>
    private const string SvixPrefix = "svix-";
    private const string Prefix = "webhook-";
    private const string SecretPrefix = "whsec_";
    private const string Version = "v1,";

    /// <summary>The least the specification allows.</summary>
    private const int MinSecretBytes = 24;

    /// <summary>The key of a <c>whsec_</c> secret; null where it is not one.</summary>
    public static byte[]? Key(string secret)
    {
        var text = secret.Trim();
        text = text.StartsWith(SecretPrefix, StringComparison.Ordinal) ? text[SecretPrefix.Length..] : text;
        var key = new byte[text.Length];
        return Convert.TryFromBase64String(text, key, out var length) && length >= MinSecretBytes ? key[..length] : null;
    }

    public static SenderVerdict Verify(SenderSettings sender, IHeaderDictionary headers, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        var id = IdOf(headers);
        var timestamp = Find(headers, TimestampHeader).ToString();
        var signatures = Find(headers, SignatureHeader);
        if (id.Length == 0 || timestamp.Length == 0 || signatures.ToString().Length == 0)
        {
            return SenderVerdict.MissingHeader;
        }

        if (!TryReadSeconds(timestamp, out var signed))
        {
            return SenderVerdict.BadTimestamp;
        }

        if (SenderVerifier.Age(signed, now) is var age and not SenderVerdict.Verified)
        {
            return age;
        }

        var head = Head(id, timestamp);
        foreach (var secret in sender.Secrets)
        {
            var expected = Sign(secret.Key, head, body);
            foreach (var given in string.Join(' ', signatures.AsEnumerable()).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (FixedTime.Same(expected, given))
                {
                    return SenderVerdict.Verified;
                }
            }
        }

        return SenderVerdict.BadSignature;
    }

    /// <summary>The message's id; empty where there is none.</summary>
    public static string IdOf(IHeaderDictionary headers) => Find(headers, IdHeader).ToString();

    /// <summary>The value of the signature header for a body.</summary>
    public static string Sign(ReadOnlySpan<byte> key, string id, DateTimeOffset timestamp, ReadOnlySpan<byte> body) =>
        Sign(key, Head(id, timestamp.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)), body);

    private static Microsoft.Extensions.Primitives.StringValues Find(IHeaderDictionary headers, string name) =>
        headers.TryGetValue(name, out var value) ? value : headers[name.Replace(Prefix, SvixPrefix, StringComparison.Ordinal)];

    private static byte[] Head(string id, string timestamp) => Encoding.UTF8.GetBytes($"{id}.{timestamp}.");

    private static string Sign(ReadOnlySpan<byte> key, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hmac.AppendData(head);
        hmac.AppendData(body);
        return Version + Convert.ToBase64String(hmac.GetHashAndReset());
    }

    private static bool TryReadSeconds(string text, out DateTimeOffset time)
    {
        time = default;
        if (
            !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds()
        )
        {
            return false;
        }

        time = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return true;
    }
}
