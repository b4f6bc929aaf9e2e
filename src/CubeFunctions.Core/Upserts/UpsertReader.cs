namespace CubeFunctions.Core.Upserts;

/// <summary>What people ask of upserts, and do with the dead.</summary>
public sealed class UpsertReader(UpsertStore store, UpsertNotifier waker, WriteSwitch writes, TimeProvider time)
{
    /// <summary>An upsert by its id, or null.</summary>
    public async Task<UpsertRow?> FindAsync(string id, CancellationToken cancellationToken) =>
        UpsertRow.Split(id ?? "") is var (partition, row) ? await store.FindAsync(partition, row, cancellationToken) : null;

    /// <summary>Upserts in a state, oldest first.</summary>
    /// <param name="state">The state.</param>
    /// <param name="most">The most that are returned.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<IReadOnlyList<UpsertRow>> InStateAsync(UpsertState state, int most, CancellationToken cancellationToken)
    {
        var rows = new List<UpsertRow>();
        await foreach (var row in store.AllAsync(state, null, cancellationToken))
        {
            rows.Add(row);
        }

        return [.. rows.OrderBy(row => row.AcceptedAt).Take(most)];
    }

    /// <summary>Sends dead upserts again; all of them where no id is given. A tenant without writes is asked again, too.</summary>
    /// <returns>How many, and the ids that name no dead upsert.</returns>
    public Task<(int Count, IReadOnlyList<string> Unknown)> ReplayAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken) =>
        ForDeadAsync(ids, async row =>
        {
            await store.SetStateAsync(row, UpsertState.Waiting, null, null, cancellationToken);
            await waker.WakeAsync(row.PartitionKey, row.RowKey, TimeSpan.Zero, cancellationToken);
        }, resetWrites: true, cancellationToken);

    /// <summary>Gives dead upserts up; all of them where no id is given.</summary>
    /// <returns>How many, and the ids that name no dead upsert.</returns>
    public Task<(int Count, IReadOnlyList<string> Unknown)> DropAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken) =>
        ForDeadAsync(ids, row => store.SetStateAsync(row, UpsertState.Dropped, row.Reason, time.GetUtcNow(), cancellationToken), resetWrites: false, cancellationToken);

    /// <summary>What waited for writes may go; processes that know the tenant as one without learn of it within that time.</summary>
    private async Task WakeWaitingAsync(CancellationToken cancellationToken)
    {
        var waiting = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var row in store.AllAsync(UpsertState.Waiting, ["PartitionKey", "RowKey"], cancellationToken))
        {
            if (waiting.Add(row.PartitionKey))
            {
                await waker.WakeAsync(row.PartitionKey, null, WriteSwitch.LookEvery, cancellationToken);
            }
        }
    }

    private async Task<(int Count, IReadOnlyList<string> Unknown)> ForDeadAsync(
        IReadOnlyList<string> ids, Func<UpsertRow, Task> action, bool resetWrites, CancellationToken cancellationToken)
    {
        var dead = new List<UpsertRow>();
        var unknown = new List<string>();
        if (ids.Count == 0)
        {
            dead.AddRange(await InStateAsync(UpsertState.Dead, int.MaxValue, cancellationToken));
        }

        foreach (var id in ids)
        {
            if (await FindAsync(id, cancellationToken) is { UpsertState: UpsertState.Dead } row)
            {
                dead.Add(row);
            }
            else
            {
                unknown.Add(id);
            }
        }

        if (resetWrites && unknown.Count == 0)
        {
            await writes.OnAsync(cancellationToken);
            await WakeWaitingAsync(cancellationToken);
        }

        // An event without a customer can never be delivered: replaying it would only lose its reason.
        var done = dead.Where(row => !resetWrites || (row.CustomerId is not null && (row.Values ?? row.ValuesBlob) is not null)).ToList();
        foreach (var row in unknown.Count == 0 ? done : [])
        {
            await action(row);
        }

        return (unknown.Count == 0 ? done.Count : 0, unknown);
    }
}
