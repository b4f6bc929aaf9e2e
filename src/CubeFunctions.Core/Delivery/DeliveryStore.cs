using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Delivery;

/// <summary>Rows of deliveries and their streams, in <c>CubeChanges</c>.</summary>
public sealed class DeliveryStore(StorageClients storage)
{
    private readonly TableClient _table = storage.Changes;

    /// <summary>Adds a delivery unless it is there.</summary>
    internal async Task AddAsync(DeliveryRow row, CancellationToken cancellationToken)
    {
        try
        {
            await _table.AddEntityAsync(row, cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 409)
        {
            // A try that died later than this added it.
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == TableErrorCode.TableNotFound)
        {
            // A run alone creates only what it needs; with a receiver it needs all.
            await storage.EnsureCreatedAsync(cancellationToken);
            await _table.AddEntityAsync(row, cancellationToken);
        }
    }

    internal Task<List<DeliveryRow>> OpenOfAsync(string stream, CancellationToken cancellationToken) => ListAsync(
        $"PartitionKey eq '{Escape(stream)}' and RowKey ne '{DeliveryStreamRow.Key}' and (State eq '{nameof(DeliveryState.Waiting)}' or State eq '{nameof(DeliveryState.Dead)}')", cancellationToken);

    /// <summary>All deliveries in a state, those of a stream in order.</summary>
    internal Task<List<DeliveryRow>> AllAsync(DeliveryState state, CancellationToken cancellationToken) => ListAsync($"State eq '{state}'", cancellationToken);

    /// <summary>Removes deliveries that ended before a time, as delivered or dropped.</summary>
    internal async Task RemoveEndedAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        foreach (var row in await ListAsync(
            $"(State eq '{nameof(DeliveryState.Delivered)}' or State eq '{nameof(DeliveryState.Dropped)}') and CompletedAt lt datetime'{before.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}'", cancellationToken))
        {
            await _table.DeleteEntityAsync(row.PartitionKey, row.RowKey, ETag.All, cancellationToken);
        }
    }

    internal async Task<DeliveryStreamRow?> FindStreamAsync(string stream, CancellationToken cancellationToken)
    {
        var found = await _table.GetEntityIfExistsAsync<DeliveryStreamRow>(stream, DeliveryStreamRow.Key, cancellationToken: cancellationToken);
        return found.HasValue ? found.Value : null;
    }

    /// <summary>
    /// Moves deliveries on that were to go on with a line which is about to be taken out of their file. Before it is: who delivers meanwhile finds the next
    /// line by its id.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="path">The file.</param>
    /// <param name="left">How many lines stay.</param>
    /// <param name="following">Ids of the lines that go, each with the id of the next one that stays, or null where none does.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal async Task MoveOnAsync(string stream, string path, int left, IReadOnlyDictionary<string, string?> following, CancellationToken cancellationToken)
    {
        while (true)
        {
            var rows = await ListAsync($"PartitionKey eq '{Escape(stream)}' and Path eq '{Escape(path)}' and State ne '{nameof(DeliveryState.Delivered)}'", cancellationToken);
            var saved = true;
            foreach (var row in rows)
            {
                if (row.NextId.Length == 0)
                {
                    row.Changes = left;
                    saved &= left > 0 ? await TrySaveAsync(row, cancellationToken) : await DeleteAsync(row, cancellationToken);
                }
                else if (following.TryGetValue(row.NextId, out var next))
                {
                    (row.NextId, row.Done) = (next ?? row.NextId, row.Done + 1);
                    saved &= row.IsFile && next is not null ? await TrySaveAsync(row, cancellationToken) : await DeleteAsync(row, cancellationToken);
                }
            }

            if (saved)
            {
                return;
            }
        }
    }

    private async Task<bool> DeleteAsync(DeliveryRow row, CancellationToken cancellationToken)
    {
        try
        {
            await _table.DeleteEntityAsync(row.PartitionKey, row.RowKey, row.ETag, cancellationToken);
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status == 412)
        {
            return false;
        }
    }

    /// <summary>Has a stream tried at once, with all the time there is before it is given up.</summary>
    internal async Task ForgetFailuresAsync(string stream, CancellationToken cancellationToken)
    {
        while (await FindStreamAsync(stream, cancellationToken) is { FailingSince: not null } row)
        {
            row.Recover();
            if (await TrySaveAsync(row, cancellationToken))
            {
                return;
            }
        }
    }

    /// <summary>Stores a row on top of the state it was read in, or adds one that is new.</summary>
    /// <returns>False when somebody else has changed it.</returns>
    internal async Task<bool> TrySaveAsync<T>(T row, CancellationToken cancellationToken)
        where T : ITableEntity
    {
        try
        {
            var answer = row.ETag == default
                ? await _table.AddEntityAsync(row, cancellationToken)
                : await _table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, cancellationToken);
            row.ETag = answer.Headers.ETag!.Value;
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 409 or 412)
        {
            return false;
        }
    }

    /// <summary>Stores several rows of one stream in one step, each on top of the state it was read in.</summary>
    /// <returns>False when somebody else has changed one of them.</returns>
    internal async Task<bool> TrySaveAsync(IReadOnlyList<ITableEntity> rows, CancellationToken cancellationToken)
    {
        try
        {
            var answers = await _table.SubmitTransactionAsync(
                rows.Select(row => new TableTransactionAction(row.ETag == default ? TableTransactionActionType.UpsertReplace : TableTransactionActionType.UpdateReplace, row, row.ETag)),
                cancellationToken);
            for (var i = 0; i < rows.Count; i++)
            {
                rows[i].ETag = answers.Value[i].Headers.ETag!.Value;
            }

            return true;
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 409 or 412)
        {
            return false;
        }
    }

    private async Task<List<DeliveryRow>> ListAsync(string filter, CancellationToken cancellationToken)
    {
        var rows = new List<DeliveryRow>();
        try
        {
            await foreach (var row in _table.QueryAsync<DeliveryRow>(filter, cancellationToken: cancellationToken))
            {
                rows.Add(row);
            }
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == TableErrorCode.TableNotFound)
        {
            // Nothing was ever delivered.
        }

        rows.Sort(static (one, other) => (one.PartitionKey, one.RowKey) == (other.PartitionKey, other.RowKey) ? 0
            : one.PartitionKey != other.PartitionKey ? string.CompareOrdinal(one.PartitionKey, other.PartitionKey)
            : string.CompareOrdinal(one.RowKey, other.RowKey));
        return rows;
    }

    private static string Escape(string text) => text.Replace("'", "''", StringComparison.Ordinal);
}
