using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Operations.Probing;

/// <summary>One customer whom Cube just listed, to ask for again. Stays in memory, and out of every message.</summary>
/// <param name="Path">Where the list of customers is.</param>
/// <param name="Form">The same with placeholders.</param>
/// <param name="ImportedId">The imported id.</param>
/// <param name="InternalId">Cube's own; null where the list does not have it.</param>
internal sealed record ProbeCustomer(string Path, string Form, string ImportedId, string? InternalId)
{
    /// <summary>A customer of a page who has an imported id.</summary>
    public static ProbeCustomer? Find(Page page, string path, string form)
    {
        foreach (var bounds in page.Records.Bounds)
        {
            var record = bounds.Of(page.Body.Bytes.Span);
            if (CustomerIds.Find(record, CustomerIds.Imported) is { } imported)
            {
                return new ProbeCustomer(path, form, imported, CustomerIds.Find(record, CustomerIds.Internal));
            }
        }

        return null;
    }

    /// <summary>The address with a placeholder, for messages and spans.</summary>
    public string Route => Form + "{customer}";

    /// <summary>The address of the customer by one of the ids.</summary>
    public string AddressBy(string id) => Path + Uri.EscapeDataString(id);
}
