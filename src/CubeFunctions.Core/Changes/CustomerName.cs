using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Changes;

/// <summary>How a record names its customer. The two ids are kept apart: an internal one may equal somebody else's imported one.</summary>
/// <param name="Internal">Cube's own id, or null.</param>
/// <param name="Imported">The imported id, or null.</param>
internal readonly record struct CustomerName(string? Internal, string? Imported)
{
    /// <summary>Whether nobody is named.</summary>
    public bool IsEmpty => Internal is null && Imported is null;

    /// <summary>
    /// The name by a record's key and imported id. A key names the customer by the internal id where the feed has it, else by the imported
    /// one.
    /// </summary>
    public static CustomerName Of(Feed feed, LineSubject subject)
    {
        var key = subject.CustomerKey.Length > 0 ? subject.CustomerKey : null;
        return !feed.Key.Parts[0].Except(CustomerIds.Imported).Any() ? new(null, subject.ImportedId ?? key)
            : key == subject.ImportedId ? new(null, key)
            : new(key, subject.ImportedId);
    }

    /// <summary>Whether a customer is the one: by the internal id where both have it, else by the imported one.</summary>
    /// <param name="imported">The customer's imported id.</param>
    /// <param name="own">Cube's own id of the customer.</param>
    public bool IsOf(string? imported, string? own) =>
        Internal is not null && own is not null ? Internal == own : Imported is not null && Imported == imported;
}
