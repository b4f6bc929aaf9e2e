using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace CubeFunctions.Core.Senders;

/// <summary>The secret itself, in a header or (Dataverse's <c>WebhookKey</c>: <c>?code=</c>) in the query.</summary>
internal static class SharedSecret
{
    public static SenderVerdict Verify(SenderSettings sender, string pathAndQuery, IHeaderDictionary headers)
    {
        var given =
            sender.Header is { } header ? headers[header].ToString()
            : sender.Query is { } name ? Parameter(pathAndQuery, name) ?? FromDefaultHeader(sender, headers)
            : null;
        if (string.IsNullOrEmpty(given))
        {
            return SenderVerdict.MissingHeader;
        }

        foreach (var secret in sender.Secrets)
        {
            if (FixedTime.Same(secret.Key, given))
            {
                return SenderVerdict.Verified;
            }
        }

        return SenderVerdict.BadSignature;
    }

    /// <summary>
    /// Dataverse's endpoints send the secret in the query or in a header, as they are registered: without a setting either is taken.
    /// </summary>
    private static string? FromDefaultHeader(SenderSettings sender, IHeaderDictionary headers) =>
        sender is { Kind: SenderKind.Dataverse, Query: SenderSettings.DefaultQuery }
            ? headers[SenderSettings.DefaultHeader].ToString()
            : null;

    private static string? Parameter(string pathAndQuery, string name)
    {
        var query = pathAndQuery.IndexOf('?', StringComparison.Ordinal);
        if (query < 0)
        {
            return null;
        }

        foreach (var parameter in new QueryStringEnumerable(pathAndQuery.AsMemory(query)))
        {
            if (parameter.DecodeName().Span.SequenceEqual(name))
            {
                return parameter.DecodeValue().ToString();
            }
        }

        return null;
    }
}
