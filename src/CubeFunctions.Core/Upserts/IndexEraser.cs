using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>
/// Takes a person out of the index of imported ids: under the lease of the assignment's customers, whose proven snapshots write it.
/// </summary>
internal sealed class IndexEraser(CustomerIndex index) : IPersonalData
{
    /// <inheritdoc />
    public IReadOnlyList<StorageResource> Covers { get; } = [new(StorageKind.Container, StorageNames.State)];

    /// <inheritdoc />
    public async Task<EraseFound?> FindAsync(PersonSearch search, CancellationToken cancellationToken)
    {
        var person = search.Person;
        if (search.Place?.Feed.ListsCustomers != true || !await index.HoldsAsync(person.AssignmentId, person.Imported, cancellationToken))
        {
            return null;
        }

        return async token => search.Tally.Add(Erased.IndexEntries, await index.RemoveAsync(person.AssignmentId, person.Imported, token));
    }
}
