using System.Globalization;
using System.Text.Json;

namespace CubeFunctions.Core.Senders;

/// <summary>One customer, or an array of them.</summary>
internal static class CustomerArray
{
    /// <summary>The customers, all of them objects; or the refusal.</summary>
    public static BodyRefusal? Read(JsonElement items, string place, out IReadOnlyList<JsonElement> customers)
    {
        customers = [];
        if (items.ValueKind == JsonValueKind.Object)
        {
            customers = [items];
            return null;
        }

        if (items.ValueKind != JsonValueKind.Array)
        {
            return new BodyRefusal(
                RefusalKind.WrongShape,
                $"{Where(place)} is neither a customer (a JSON object) nor an array of customers."
            );
        }

        var count = items.GetArrayLength();
        if (count == 0)
        {
            return new BodyRefusal(RefusalKind.Empty, $"{Where(place)} is an empty array.");
        }

        if (count > UpsertLimits.Customers)
        {
            return new BodyRefusal(RefusalKind.TooMany, $"{Where(place)} holds {count} customers; {UpsertLimits.Customers} are the most.");
        }

        customers = [.. items.EnumerateArray()];
        for (var i = 0; i < count; i++)
        {
            if (customers[i].ValueKind != JsonValueKind.Object)
            {
                return new BodyRefusal(
                    RefusalKind.WrongShape,
                    string.Create(CultureInfo.InvariantCulture, $"'{place}/{i}' is not a customer (a JSON object).")
                );
            }
        }

        return null;
    }

    private static string Where(string place) => place.Length == 0 ? "The body" : $"'{place}'";
}
