using Azure.Data.Tables;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>Days and lists that give fewer records than Cube counts, for <c>status</c>, run manifests and people.</summary>
public sealed class GapStore(CheckpointStore checkpoints, TimeProvider time)
{
    /// <summary>
    /// The most days of one scope and feed that get a row. Beyond that the checkpoint waits: so many short days are no gap.
    /// </summary>
    internal const int MostOfScope = 400;

    /// <summary>
    /// All days and lists that the checkpoint has gone past, by scope, feed and day; those that a person accepted among them.
    /// </summary>
    public async Task<IReadOnlyList<GapRow>> ListAsync(CancellationToken cancellationToken) =>
        await checkpoints
            .Table.QueryOrRepairAsync($"RowKey ge '{GapRow.Prefix}' and RowKey lt 'gap}}'", RepairAsync, cancellationToken)
            .Where(gap => gap.IsPassed)
            .ToListAsync(cancellationToken);

    /// <summary>Accepts a gap: it is listed as accepted from then on. A day is read no more, a list is read on.</summary>
    /// <param name="id">Its <see cref="GapRow.Id"/>.</param>
    /// <param name="by">Who accepts it.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <returns>False where there is no such gap.</returns>
    public async Task<bool> AcceptAsync(string id, string by, CancellationToken cancellationToken)
    {
        while (await FindAsync(id, cancellationToken) is { } gap)
        {
            (gap.State, gap.AcceptedBy, gap.AcceptedAt) = (GapState.Accepted, by, time.GetUtcNow());
            if (await checkpoints.Table.SaveAsync(gap, cancellationToken) == StorageOutcome.Saved)
            {
                return true;
            }
        }

        return false;
    }

    internal async Task<List<GapRow>> OfScopeAsync(Feed feed, Scope scope, CancellationToken cancellationToken)
    {
        var (from, end) = ($"{GapRow.Prefix}{feed.Setting}|", $"{GapRow.Prefix}{feed.Setting}}}");
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey eq {CheckpointRow.PartitionOf(scope)} and RowKey ge {from} and RowKey lt {end}"
        );
        return await checkpoints.Table.QueryOrRepairAsync(filter, RepairAsync, cancellationToken).ToListAsync(cancellationToken);
    }

    private async Task<GapRow?> FindAsync(string id, CancellationToken cancellationToken) =>
        id.Split(':') is [var scope, var feed, var day]
        && await checkpoints.Table.FindOrRepairAsync(scope, $"{GapRow.Prefix}{feed}|{day}", RepairAsync, cancellationToken)
            is { IsPassed: true } gap
            ? gap
            : null;

    /// <summary>
    /// A gap whose row cannot be read is open, and read again: what its key says is put in the row's place. Nobody has accepted what cannot
    /// be read.
    /// </summary>
    private async Task<GapRow> RepairAsync(TableEntity garbled, CancellationToken cancellationToken)
    {
        var row = new GapRow
        {
            PartitionKey = garbled.PartitionKey,
            RowKey = garbled.RowKey,
            State = GapState.Open,
            Reason = "its row could not be read",
            Since = time.GetUtcNow(),
        };
        await checkpoints.Table.PutAsync(row, cancellationToken);
        return row;
    }
}
