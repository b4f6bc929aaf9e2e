using System.Text.Json;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Cube;

/// <summary>A tenant-defined field of an assignment, as its list explains it.</summary>
/// <param name="Label">What people call it.</param>
/// <param name="Name">The member of customers that holds it (<c>crm__custom_info__{n}</c>), or null where the list does not say.</param>
internal sealed record CustomField(string Label, string? Name)
{
    /// <summary>Reads the list; entries without a label are left out.</summary>
    public static IReadOnlyList<CustomField> ReadAll(ReadOnlyMemory<byte> list)
    {
        using var document = JsonDocument.Parse(list);
        return
        [
            .. document
                .RootElement.EnumerateArray()
                .Where(field => JsonText.Of(field, "key") is not null)
                .Select(field => new CustomField(JsonText.Of(field, "key")!, JsonText.Of(field, "lookup__id"))),
        ];
    }
}
