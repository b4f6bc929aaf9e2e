using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;





namespace CubeFunctions.Core.Erasure;

/// <summary>Takes a person out of what is known of one scope and feed. Its caller has the lease.</summary>
internal sealed class StateEraser(ChangeStore store, Feed feed, Scope scope)
{
    /// <summary>Removes entries.</summary>
    /// <param name="person">The person.</param>
    /// <param name="keys">Keys of his records, as they were found in pages.</param>
    /// <param name="beforeRemoval">Called before anything is changed.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>How many went.</returns>
    public async Task<int> EraseAsync(Person person, IReadOnlySet<KeyHash> keys, Func<Task> beforeRemoval, CancellationToken cancellationToken)
    {
        var state = await store.ReadStateAsync(feed, scope, cancellationToken);
        var imported = CustomerIds.HashOf(person.Imported);
        var kept = state.Entries.Where(entry => !keys.Contains(entry.Key) && !(feed == FeedCatalogue.Customers && entry.Alias == imported)).ToArray();
        if (kept.Length < state.Entries.Length)
        {
            await beforeRemoval();
            await store.WriteStateAsync(feed, scope, state with { Entries = kept }, cancellationToken);
        }

        return state.Entries.Length - kept.Length;
    }
}
