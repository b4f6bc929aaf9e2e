using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Core.Senders;

/// <summary>
/// Decides over the raw bytes whether a request comes from its sender. Pure: nothing is parsed, nothing is stored, nothing is thrown.
/// </summary>
public static class SenderVerifier
{
    /// <summary>How far a signed timestamp may be from now, either way: five minutes, in both protocols that have one.</summary>
    public static TimeSpan Tolerance { get; } = TimeSpan.FromMinutes(5);

    /// <summary>Verifies a request.</summary>
    /// <param name="sender">The sender that the route names.</param>
    /// <param name="method">The HTTP method.</param>
    /// <param name="pathAndQuery">The request's target as it stood on the wire: not decoded, with the query.</param>
    /// <param name="headers">The request's headers.</param>
    /// <param name="body">The body, byte for byte.</param>
    /// <param name="now">The time, against which signed timestamps are held.</param>
    public static SenderVerdict Verify(
        SenderSettings sender,
        string method,
        string pathAndQuery,
        IHeaderDictionary headers,
        ReadOnlySpan<byte> body,
        DateTimeOffset now
    )
    {
        ArgumentNullException.ThrowIfNull(sender);
        ArgumentNullException.ThrowIfNull(pathAndQuery);
        ArgumentNullException.ThrowIfNull(headers);
        if (!HttpMethods.IsPost(method))
        {
            return SenderVerdict.WrongMethod;
        }

        return sender.Kind switch
        {
            SenderKind.StandardWebhooks => StandardWebhooksSignature.Verify(sender, headers, body, now),
            SenderKind.HubSpot => HubSpotSignature.Verify(sender, method, pathAndQuery, headers, body, now),
            SenderKind.Dataverse => SharedSecret.Verify(sender, pathAndQuery, headers),
            SenderKind.Json when sender.Encoding is { } encoding => BodySignature.Verify(sender, encoding, headers, body),
            SenderKind.Json => SharedSecret.Verify(sender, pathAndQuery, headers),
            _ => SenderVerdict.BadSignature,
        };
    }

    internal static SenderVerdict Age(DateTimeOffset signed, DateTimeOffset now) =>
        now - signed > Tolerance ? SenderVerdict.TooOld
        : signed - now > Tolerance ? SenderVerdict.TooNew
        : SenderVerdict.Verified;
}
