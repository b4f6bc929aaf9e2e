namespace CubeFunctions.Core.Upserts;

/// <summary>What people ask of upserts, and do with those that are dead or wait.</summary>
public sealed class UpsertReader(
    UpsertStore store,
    UpsertNotifications notifications,
    PostSplitter posts,
    TenantWrites writes,
    TimeProvider time
)
{
    /// <summary>An upsert by its id, or null.</summary>
    public async Task<UpsertRow?> FindAsync(string id, CancellationToken cancellationToken) =>
        UpsertRow.Split(id ?? "") is var (partition, row) ? await store.FindAsync(partition, row, cancellationToken) : null;

    /// <summary>An upsert by its id, also where the post that it came in is not split yet; or null.</summary>
    public async Task<UpsertRow?> FindAcceptedAsync(string id, CancellationToken cancellationToken) =>
        await FindAsync(id, cancellationToken)
        ?? (UpsertRow.Split(id ?? "") is null ? null : await posts.FindUnsplitAsync(id!, cancellationToken));

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

        if (state == UpsertState.Waiting)
        {
            rows.AddRange(await store.PostsAsync(cancellationToken).Select(post => post.ToUpsert()).ToListAsync(cancellationToken));
        }

        return [.. rows.OrderBy(row => row.AcceptedAt).Take(most)];
    }

    /// <summary>
    /// Sends dead upserts again; all of them where no id is given. Their bodies are parsed again, so that a mended field map counts. A
    /// tenant without writes is asked again, too.
    /// </summary>
    /// <returns>How many, how many stay dead, and the ids that name no dead upsert.</returns>
    public async Task<(int Count, int StillDead, IReadOnlyList<string> Unknown)> ReplayAsync(
        IReadOnlyList<string> ids,
        CancellationToken cancellationToken
    )
    {
        var (rows, unknown) = await ChooseAsync(ids, row => row.State == UpsertState.Dead, cancellationToken);
        if (unknown.Count > 0)
        {
            return (0, rows.Count, unknown);
        }

        // What waited for writes may go; processes that know the tenant as one without learn of it within that time.
        await writes.LiftAsync(cancellationToken);
        var waiting = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var row in notifications.WaitingAsync(cancellationToken))
        {
            waiting.Add(row.PartitionKey);
        }

        await notifications.NotifyAsync(waiting, TenantWrites.KnownWithin, cancellationToken);
        var count = 0;
        foreach (var row in rows)
        {
            count += await ReplayAsync(row, cancellationToken) ? 1 : 0;
        }

        return (count, rows.Count - count, unknown);
    }

    /// <summary>Gives up dead upserts, and waiting ones and posts that are named; all the dead where no id is given.</summary>
    /// <returns>How many, and the ids that name none.</returns>
    public async Task<(int Count, IReadOnlyList<string> Unknown)> DropAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var (rows, unknown) = await ChooseAsync(ids, row => row.State is UpsertState.Dead or UpsertState.Waiting, cancellationToken);
        var given =
            unknown.Count == 0
                ? []
                : await store.PostsAsync(cancellationToken).Where(post => unknown.Contains(post.RowKey)).ToListAsync(cancellationToken);
        unknown.RemoveAll(id => given.Exists(post => post.RowKey == id));
        if (unknown.Count > 0)
        {
            return (0, unknown);
        }

        foreach (var row in rows)
        {
            await store.EndAsync([new UpsertEnd(row, UpsertState.Dropped, row.Reason)], cancellationToken);
        }

        foreach (var post in given)
        {
            await store.DeleteAsync(post, cancellationToken);
        }

        return (rows.Count + given.Count, unknown);
    }

    private async Task<(List<UpsertRow> Rows, List<string> Unknown)> ChooseAsync(
        IReadOnlyList<string> ids,
        Func<UpsertRow, bool> which,
        CancellationToken cancellationToken
    )
    {
        if (ids.Count == 0)
        {
            return ([.. await InStateAsync(UpsertState.Dead, int.MaxValue, cancellationToken)], []);
        }

        var (rows, unknown) = (new List<UpsertRow>(), new List<string>());
        foreach (var id in ids)
        {
            if (await FindAsync(id, cancellationToken) is { } row && which(row))
            {
                rows.Add(row);
            }
            else
            {
                unknown.Add(id);
            }
        }

        return (rows, unknown);
    }

    /// <returns>False where it still cannot be sent: it stays dead, with the reason of today.</returns>
    private async Task<bool> ReplayAsync(UpsertRow row, CancellationToken cancellationToken)
    {
        var plan = await posts.ParseAgainAsync(row, cancellationToken);
        if (plan is { Row.State: UpsertState.Dead })
        {
            await store.EndAsync([new UpsertEnd(row, UpsertState.Dead, plan.Row.Reason)], cancellationToken);
            return false;
        }

        if (plan is { Row: { State: UpsertState.Waiting } parsed } && parsed.PartitionKey != row.PartitionKey)
        {
            // The map of today names another customer, or the first one at all: the event begins anew there.
            parsed.ReplayedAt = time.GetUtcNow();
            await store.SetValuesAsync(parsed, plan.Values, cancellationToken);
            await store.AddAsync(parsed, cancellationToken);
            await store.EndAsync([new UpsertEnd(row, UpsertState.Superseded, $"replayed as {parsed.Id}")], cancellationToken);
            await notifications.NotifyAsync([parsed.PartitionKey], TimeSpan.Zero, cancellationToken);
            return true;
        }

        if (row.CustomerId is null || (plan is null && (row.Values ?? row.ValuesBlob) is null))
        {
            return false;
        }

        row.ReplayedAt = time.GetUtcNow();
        if (plan is not null)
        {
            row.Dropped = plan.Row.Dropped;
            await store.SetValuesAsync(row, plan.Values, cancellationToken);
        }

        await store.SetAsync(
            row,
            [
                new(nameof(UpsertRow.State), nameof(UpsertState.Waiting)),
                new(nameof(UpsertRow.Reason), row.Dropped ?? ""),
                new(nameof(UpsertRow.Dropped), row.Dropped ?? ""),
                new(nameof(UpsertRow.Values), row.Values ?? ""),
                new(nameof(UpsertRow.ValuesBlob), row.ValuesBlob),
                new(nameof(UpsertRow.Attempts), 0),
                new(nameof(UpsertRow.FailingSince), UpsertRow.NoTime),
                new(nameof(UpsertRow.ReplayedAt), row.ReplayedAt),
                new(nameof(UpsertRow.Erases), plan?.Row.Erases ?? row.Erases),
            ],
            cancellationToken
        );
        await notifications.NotifyAsync([row.PartitionKey], TimeSpan.Zero, cancellationToken);
        return true;
    }
}
