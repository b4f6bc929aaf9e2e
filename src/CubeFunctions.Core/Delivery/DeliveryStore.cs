using Azure.Data.Tables;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Delivery;

/// <summary>Rows of deliveries and their streams, in <c>CubeChanges</c>.</summary>
public sealed class DeliveryStore(StorageClients storage)
{
    /// <summary>The table.</summary>
    internal OptimisticTable Table { get; } = new(storage.Changes, storage.EnsureCreatedAsync);

    /// <summary>Adds a delivery unless it is there: a try that died later than this added it.</summary>
    internal Task AddAsync(DeliveryRow row, CancellationToken cancellationToken) => Table.AddAsync(row, cancellationToken);

    /// <summary>Deliveries of a stream that wait or are dead, in order.</summary>
    internal Task<List<DeliveryRow>> OpenAsync(string stream, CancellationToken cancellationToken) =>
        ListAsync(
            TableClient.CreateQueryFilter(
                $"PartitionKey eq {stream} and RowKey ne {DeliveryStreamRow.Key} and (State eq {nameof(DeliveryState.Waiting)} or State eq {nameof(DeliveryState.Dead)})"
            ),
            cancellationToken
        );

    /// <summary>Deliveries of a stream that wait for a run which delivers.</summary>
    internal Task<List<DeliveryRow>> DeferredAsync(string stream, CancellationToken cancellationToken) =>
        ListAsync(
            TableClient.CreateQueryFilter($"PartitionKey eq {stream} and State eq {nameof(DeliveryState.Deferred)}"),
            cancellationToken
        );

    /// <summary>All deliveries in a state, those of a stream in order.</summary>
    internal Task<List<DeliveryRow>> AllAsync(DeliveryState state, CancellationToken cancellationToken) =>
        ListAsync(TableClient.CreateQueryFilter($"State eq {state.ToString()}"), cancellationToken);

    /// <summary>Deliveries that ended before a time, as delivered or dropped.</summary>
    internal IAsyncEnumerable<DeliveryRow> EndedAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        Table.QueryOrRepairAsync(
            TableClient.CreateQueryFilter(
                $"(State eq {nameof(DeliveryState.Delivered)} or State eq {nameof(DeliveryState.Dropped)}) and CompletedAt lt {before}"
            ),
            RepairAsync,
            cancellationToken
        );

    /// <summary>Finds deliveries whose state is no name: they are in no list, and are dead by name from now on.</summary>
    internal async Task RepairUnknownAsync(CancellationToken cancellationToken)
    {
        var known = string.Join(" and ", Enum.GetValues<DeliveryState>().Select(state => $"State ne '{state}'"));
        _ = await ListAsync(
            $"((RowKey ge 'file|' and RowKey lt 'file}}') or (RowKey ge 'change|' and RowKey lt 'change}}')) and {known}",
            cancellationToken
        );
    }

    /// <summary>A delivery; null where there is none.</summary>
    internal Task<DeliveryRow?> FindAsync(string stream, string key, CancellationToken cancellationToken) =>
        Table.FindOrRepairAsync(stream, key, RepairAsync, cancellationToken);

    internal Task<DeliveryStreamRow?> FindStreamAsync(string stream, CancellationToken cancellationToken) =>
        Table.FindOrRepairAsync(stream, DeliveryStreamRow.Key, RowReader.ReadAsync<DeliveryStreamRow>, cancellationToken);

    /// <summary>
    /// Moves deliveries on that were to go on with a line which is about to be taken out of their file. Before it is: a worker that
    /// delivers meanwhile finds the
    /// next line by its id.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="path">The file.</param>
    /// <param name="left">How many lines stay.</param>
    /// <param name="following">Ids of the lines that go, each with the id of the next one that stays, or null where none does.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal async Task MoveOnAsync(
        string stream,
        string path,
        int left,
        IReadOnlyDictionary<string, string?> following,
        CancellationToken cancellationToken
    )
    {
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey eq {stream} and Path eq {path} and State ne {nameof(DeliveryState.Delivered)}"
        );
        while (true)
        {
            var isSaved = true;
            foreach (var row in await ListAsync(filter, cancellationToken))
            {
                if (row.NextId.Length == 0)
                {
                    row.Changes = left;
                    isSaved &= await SaveOrDeleteAsync(row, left > 0);
                }
                else if (following.TryGetValue(row.NextId, out var next))
                {
                    (row.NextId, row.Done) = (next ?? row.NextId, row.Done + 1);
                    isSaved &= await SaveOrDeleteAsync(row, row.IsFile && next is not null);
                }
            }

            if (isSaved)
            {
                return;
            }
        }

        async Task<bool> SaveOrDeleteAsync(DeliveryRow row, bool isKept) =>
            (isKept ? await Table.SaveAsync(row, cancellationToken) : await Table.DeleteAsync(row, cancellationToken))
                is StorageOutcome.Saved
                    or StorageOutcome.Gone;
    }

    /// <summary>Has a stream tried at once, with all the time there is before it is given up.</summary>
    internal async Task ResetFailuresAsync(string stream, CancellationToken cancellationToken)
    {
        while (await FindStreamAsync(stream, cancellationToken) is { Failures: > 0 } row)
        {
            row.Recover();
            if (await Table.SaveAsync(row, cancellationToken) == StorageOutcome.Saved)
            {
                return;
            }
        }
    }

    private async Task<List<DeliveryRow>> ListAsync(string filter, CancellationToken cancellationToken)
    {
        var rows = await Table.QueryOrRepairAsync(filter, RepairAsync, cancellationToken).ToListAsync(cancellationToken);
        return [.. rows.OrderBy(row => row.PartitionKey, StringComparer.Ordinal).ThenBy(row => row.RowKey, StringComparer.Ordinal)];
    }

    /// <summary>
    /// A delivery that does not say where it stands, or of which file it is, is dead. One that has lost how far it is begins anew: the
    /// receiver knows the ids that it has taken.
    /// </summary>
    private async Task<DeliveryRow> RepairAsync(TableEntity garbled, CancellationToken cancellationToken)
    {
        var (row, lost) = RowReader.Read<DeliveryRow>(garbled);
        if (lost.Contains(nameof(row.State)) || row.Path.Length == 0)
        {
            (row.State, row.Reason) = (DeliveryState.Dead, "its row cannot be read");
        }

        if (lost.Contains(nameof(row.NextId)) || lost.Contains(nameof(row.Done)))
        {
            (row.NextId, row.Done, row.Taken, row.Offset) = ("", 0, 0, 0);
        }

        row.CreatedAt = lost.Contains(nameof(row.CreatedAt)) ? garbled.Timestamp ?? default : row.CreatedAt;
        await Table.PutAsync(row, cancellationToken);
        return row;
    }
}
