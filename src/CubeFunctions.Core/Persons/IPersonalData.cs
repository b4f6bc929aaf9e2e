using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Persons;

/// <summary>Removes what a search has found, and counts it in the search's tally. May be repeated.</summary>
/// <param name="cancellationToken">Ends the work.</param>
/// <exception cref="ErasureBusyException">Another worker did not end in time.</exception>
internal delegate Task EraseFound(CancellationToken cancellationToken);

/// <summary>A place that holds personal data. Each room implements it for its own; erasure orders them and reports.</summary>
internal interface IPersonalData
{
    /// <summary>The containers, tables and queues whose personal data it finds.</summary>
    IReadOnlyList<StorageResource> Covers { get; }

    /// <summary>
    /// Finds what belongs to a person. Changes nothing in storage; ids that stand beside the person's are added to the person.
    /// </summary>
    /// <param name="search">Who, and where.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>What erases it; null where there is nothing, or where such data is kept elsewhere than the search looks.</returns>
    Task<EraseFound?> FindAsync(PersonSearch search, CancellationToken cancellationToken);
}
