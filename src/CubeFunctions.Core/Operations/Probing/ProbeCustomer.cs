using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Operations.Probing;

/// <summary>One customer whom Cube just listed, to ask for again. Stays in memory, and out of every message.</summary>
/// <param name="Places">Where one customer may be: at the form of the path that listed this one first.</param>
/// <param name="ImportedId">The imported id.</param>
/// <param name="InternalId">Cube's own; null where the list does not have it.</param>
internal sealed record ProbeCustomer(IReadOnlyList<ProbePlace> Places, string ImportedId, string? InternalId)
{
    /// <summary>A customer of a page who has an imported id.</summary>
    public static ProbeCustomer? Find(Page page, IReadOnlyList<ProbePlace> places)
    {
        foreach (var bounds in page.Records.Bounds)
        {
            var record = bounds.Of(page.Body.Bytes.Span);
            if (CustomerIds.Find(record, CustomerIds.Imported) is { } imported)
            {
                return new ProbeCustomer(places, imported, CustomerIds.Find(record, CustomerIds.Internal));
            }
        }

        return null;
    }
}

/// <summary>A place that customers may be at.</summary>
/// <param name="Path">Where the list of customers is, or would be.</param>
/// <param name="Form">The same with placeholders.</param>
internal sealed record ProbePlace(string Path, string Form)
{
    /// <summary>The address with a placeholder, for messages and spans.</summary>
    public string Route => Form + "{customer}";

    /// <summary>The address of the customer by one of the ids.</summary>
    public string AddressBy(string id) => Path + Uri.EscapeDataString(id);
}
