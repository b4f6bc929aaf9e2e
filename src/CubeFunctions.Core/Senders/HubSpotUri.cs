using System.Globalization;
using System.Text;

namespace CubeFunctions.Core.Senders;

/// <summary>The URI as HubSpot signs it: the address it was given, with the percent-escapes of certain characters decoded.</summary>
internal static class HubSpotUri
{
    /// <summary>The characters in HubSpot's table for signature v3. All others stay as they are, escaped or not.</summary>
    private const string Decoded = ":/?@!$'()*,;";

    public static string Signed(Uri publicUrl, string pathAndQuery)
    {
        // The text as it was typed: Uri would normalise it, and HubSpot does not.
        var address = publicUrl.OriginalString;
        var query = pathAndQuery.IndexOf('?', StringComparison.Ordinal);
        if (publicUrl.PathAndQuery == "/")
        {
            address = address.TrimEnd('/') + pathAndQuery;
        }
        else if (query >= 0 && publicUrl.Query.Length == 0)
        {
            address += pathAndQuery[query..];
        }

        return Decode(address);
    }

    private static string Decode(string address)
    {
        if (!address.Contains('%', StringComparison.Ordinal))
        {
            return address;
        }

        var text = new StringBuilder(address.Length);
        for (var i = 0; i < address.Length; i++)
        {
            if (
                address[i] == '%'
                && i + 2 < address.Length
                && byte.TryParse(address.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
                && Decoded.Contains((char)code, StringComparison.Ordinal)
            )
            {
                text.Append((char)code);
                i += 2;
            }
            else
            {
                text.Append(address[i]);
            }
        }

        return text.ToString();
    }
}
