using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Changes;

/// <summary>Takes a person out of the snapshot of a scope and feed.</summary>
internal sealed class StateEraser(ChangeStore store) : IPersonalData
{
    /// <inheritdoc />
    public IReadOnlyList<StorageResource> Covers { get; } = [new(StorageKind.Container, StorageNames.State)];

    /// <inheritdoc />
    public async Task<EraseFound?> FindAsync(PersonSearch search, CancellationToken cancellationToken)
    {
        if (search.Place is not { } place)
        {
            return null;
        }

        var state = await store.ReadStateAsync(place.Feed, place.Scope, cancellationToken);
        var keys = place.Records.Keys.Select(key => KeyHash.Of([key])).ToHashSet();
        var imported = CustomerIds.HashOf(search.Person.Imported);
        var kept = state
            .Entries.Where(entry => !keys.Contains(entry.Key) && !(place.Feed.ListsCustomers && entry.Alias == imported))
            .ToArray();
        if (kept.Length == state.Entries.Length)
        {
            return null;
        }

        return async token =>
        {
            await store.WriteStateAsync(place.Feed, place.Scope, state with { Entries = kept }, token);
            search.Tally.Add(Erased.StateEntries, state.Entries.Length - kept.Length);
        };
    }
}
