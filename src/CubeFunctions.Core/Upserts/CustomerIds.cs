using System.Globalization;
using System.Text.Json;
using CubeFunctions.Core.Cube;

namespace CubeFunctions.Core.Upserts;

/// <summary>The ids in a customer's record as Cube answers it.</summary>
internal static class CustomerIds
{
    /// <summary>The imported id as text, or null.</summary>
    public static string? ImportedOf(JsonElement record) =>
        FeedCatalogue.Customers.CustomerIds[0].Select(name => TextOf(record, name)).FirstOrDefault(text => text is { Length: > 0 });

    /// <summary>Cube's own id, or null.</summary>
    public static long? InternalOf(JsonElement record) =>
        long.TryParse(TextOf(record, "id"), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0 ? id : null;

    private static string? TextOf(JsonElement record, string name) =>
        record.ValueKind == JsonValueKind.Object && record.TryGetProperty(name, out var value) ? Scalars.Text(value) : null;
}
