using System.Text;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Cube;

/// <summary>Which members of a record are its content: a difference in another is no change.</summary>
/// <remarks>
/// Bookkeeping fields are left out by setting. In responses and SMS the customer's own fields are left out as well: a customer who moved
/// house has not corrected the responses.
/// </remarks>
internal sealed class ContentRules(Feed feed, ChangeSettings settings)
{
    private readonly byte[][] _ignored = [.. settings.IgnoreFields.Select(Encoding.UTF8.GetBytes)];

    /// <summary>Whether the member of a name counts.</summary>
    public bool IsContent(ReadOnlySpan<byte> name)
    {
        if (
            feed.Dated
            && (name.StartsWith("crm__"u8) || name.SequenceEqual("sms_customer_name"u8) || name.SequenceEqual("sms_customer_number"u8))
        )
        {
            return false;
        }

        foreach (var ignored in _ignored)
        {
            if (name.SequenceEqual(ignored))
            {
                return false;
            }
        }

        return true;
    }
}
