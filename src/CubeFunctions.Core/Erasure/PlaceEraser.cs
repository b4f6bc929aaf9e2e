using CubeFunctions.Core.Persons;

namespace CubeFunctions.Core.Erasure;

/// <summary>
/// Has the registered places search in their order, and erase in the reverse: what names the person's ids is searched first and goes last.
/// </summary>
internal sealed class PlaceEraser(IEnumerable<IPersonalData> places, ErasedPersons erased)
{
    /// <summary>Searches all places. Changes nothing.</summary>
    /// <returns>What erases all that was found.</returns>
    public async Task<IReadOnlyList<EraseFound>> FindAsync(PersonSearch search, CancellationToken cancellationToken)
    {
        var found = new List<EraseFound>();
        foreach (var place in places)
        {
            if (await place.FindAsync(search, cancellationToken) is { } erase)
            {
                found.Add(erase);
            }
        }

        return found;
    }

    /// <summary>Sets or completes the tombstone, then erases.</summary>
    public async Task EraseAsync(Person person, IReadOnlyList<EraseFound> found, CancellationToken cancellationToken)
    {
        if (found.Count > 0)
        {
            await erased.MarkAsync(person, cancellationToken);
        }

        foreach (var erase in found.Reverse())
        {
            await erase(cancellationToken);
        }
    }
}
