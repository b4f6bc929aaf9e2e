using System.Text;
using System.Text.Json;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Changes;

/// <summary>Which members of a record are its content: a difference in another is no change.</summary>
/// <remarks>
/// Bookkeeping fields are left out by setting. In responses and SMS the customer's own fields are left out as well: a customer who moved house
/// has not corrected his responses.
/// </remarks>
internal sealed class ContentRules(Feed feed, ChangeSettings settings)
{
    private static readonly byte[][] CustomersOwn = ["sms_customer_name"u8.ToArray(), "sms_customer_number"u8.ToArray()];
    private readonly byte[][] _ignored = [.. settings.IgnoreFields.Select(Encoding.UTF8.GetBytes)];

    /// <summary>Whether the member whose name the reader stands on counts.</summary>
    public bool IsContent(ref Utf8JsonReader reader)
    {
        if (feed.Dated && (reader.ValueSpan.StartsWith("crm__"u8) || Named(ref reader, CustomersOwn)))
        {
            return false;
        }

        return !Named(ref reader, _ignored);
    }

    private static bool Named(ref Utf8JsonReader reader, byte[][] names)
    {
        foreach (var name in names)
        {
            if (reader.ValueTextEquals(name))
            {
                return true;
            }
        }

        return false;
    }
}
