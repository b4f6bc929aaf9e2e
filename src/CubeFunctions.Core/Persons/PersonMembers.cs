using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Persons;

/// <summary>
/// The ids that a feed's record gives of its customer, each from the members that hold that kind: an internal id may equal somebody else's
/// imported one.
/// </summary>
internal readonly record struct PersonMembers(string[] Internal)
{
    /// <summary>
    /// Those of a feed. Its key names the customer first: by Cube's own id where the feed has it, else by the imported one.
    /// </summary>
    public static PersonMembers Of(Feed feed) => new([.. feed.Key.Parts[0].Except(CustomerIds.Imported)]);

    /// <summary>Both ids; null where the record has none, as that of somebody whom Cube has anonymised.</summary>
    public (string? Imported, string? Internal) Read(ReadOnlySpan<byte> record) =>
        (CustomerIds.Find(record, CustomerIds.Imported), Internal.Length == 0 ? null : CustomerIds.Find(record, Internal));
}
