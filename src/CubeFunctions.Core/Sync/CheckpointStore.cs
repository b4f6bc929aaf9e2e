using System.Collections.Concurrent;
using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>What came of an attempt to claim an item.</summary>
internal abstract record Claim
{
    private Claim()
    {
    }

    /// <summary>The caller has the lease.</summary>
    internal sealed record Taken(ScopeLease Lease, bool Resumes) : Claim;

    /// <summary>A worker has this very item: this message is a repeat.</summary>
    internal sealed record SameItem : Claim;

    /// <summary>The item ended since its row was read.</summary>
    internal sealed record Ended : Claim;

    /// <summary>Another run's item is at work on the scope and feed.</summary>
    internal sealed record Busy(TimeSpan Left) : Claim;

    /// <summary>Another run's item died at work on the scope and feed: it is finished first, since what it told must be known before the next compares.</summary>
    internal sealed record Died(ItemRow First) : Claim;
}

/// <summary>Checkpoints and leases.</summary>
public sealed class CheckpointStore(StorageClients storage, RunStore runs, SyncSettings settings, TimeProvider time)
{
    private readonly TableClient _table = storage.Checkpoints;

    /// <summary>Rows as last listed, each good for one claim without a read of its own: an outdated one is refused by its ETag. Null for one that was not there.</summary>
    private readonly ConcurrentDictionary<(string, string), CheckpointRow?> _listed = new();

    internal async Task<List<CheckpointRow>> AllAsync(CancellationToken cancellationToken)
    {
        var rows = new List<CheckpointRow>();
        await foreach (var row in _table.QueryAsync<CheckpointRow>(row => row.ScopeKind != "", cancellationToken: cancellationToken))
        {
            rows.Add(row);
            _listed[(row.PartitionKey, row.RowKey)] = row;
        }

        return rows;
    }

    /// <summary>The last proven reading of a scope and feed; null where there is none.</summary>
    internal async Task<Reading?> FindLastReadingAsync(Feed feed, Scope scope, CancellationToken cancellationToken)
    {
        var row = await _table.GetEntityIfExistsAsync<CheckpointRow>(CheckpointRow.PartitionOf(scope), feed.Setting, cancellationToken: cancellationToken);
        return row.HasValue ? row.Value!.ReadReadings().FirstOrDefault() : null;
    }

    /// <summary>Says that the list just read has no row of the scope and feed.</summary>
    internal void ExpectNone(Scope scope, Feed feed) => _listed[(CheckpointRow.PartitionOf(scope), feed.Setting)] = null;

    internal async Task<Claim> ClaimAsync(ItemRow item, CancellationToken cancellationToken)
    {
        while (true)
        {
            var row = await FindAsync(CheckpointRow.PartitionOf(item.Scope), item.Feed, cancellationToken) ?? NewRow(item.FeedOf, item.Scope);
            var isNew = row.ETag == default;
            var now = time.GetUtcNow();
            if (row.Finished == item.Holder)
            {
                return new Claim.Ended();
            }

            if (row.LeaseHolder is { } holder && row.LeaseUntil > now)
            {
                return holder == item.Holder ? new Claim.SameItem() : new Claim.Busy(row.LeaseUntil.Value - now);
            }

            var progress = row.ReadProgress();
            var resumes = item.Begun || progress?.Item == item.Holder;
            if (progress is not null && progress.Item != item.Holder)
            {
                var other = await FindOpenAsync(progress.Item, cancellationToken);
                if (other is not null && row.LeaseHolder == progress.Item)
                {
                    return new Claim.Died(other);
                }

                await MarkBegunAsync(other, cancellationToken);
                progress = null;
            }

            row.Attempt++;
            row.LeaseHolder = item.Holder;
            row.LeaseUntil = now + settings.Lease;
            if (item.Listed)
            {
                row.ListedOn = item.Today;
                if (row.RetiredReason == CheckpointRow.Ended)
                {
                    row.Revive();
                }
            }

            row.WriteProgress(progress ?? new CrawlProgress(item.Holder, "", row.Attempt, 1, null, "", now));
            try
            {
                row.ETag = !isNew
                    ? (await _table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, cancellationToken)).Headers.ETag!.Value
                    : (await _table.AddEntityAsync(row, cancellationToken)).Headers.ETag!.Value;
                return new Claim.Taken(new ScopeLease(_table, row, settings.Lease, time), resumes);
            }
            catch (RequestFailedException exception) when (exception.Status is 412 or 409)
            {
                // Somebody was quicker: look again.
            }
        }
    }

    /// <summary>Takes the lease for work that is no item of a run. An item that was at work before goes on from where it was afterwards.</summary>
    /// <param name="feed">The feed.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="holder">Who takes it, as the row will name him.</param>
    /// <param name="note">What he notes in the row.</param>
    /// <param name="cancellationToken">Ends the try.</param>
    /// <returns>The lease; null where somebody has it, or was quicker.</returns>
    internal async Task<ScopeLease?> TryHoldAsync(Feed feed, Scope scope, string holder, Action<CheckpointRow> note, CancellationToken cancellationToken)
    {
        var found = await _table.GetEntityIfExistsAsync<CheckpointRow>(CheckpointRow.PartitionOf(scope), feed.Setting, cancellationToken: cancellationToken);
        var now = time.GetUtcNow();
        var row = found.HasValue ? found.Value! : NewRow(feed, scope);
        if (row.LeaseHolder is not null && row.LeaseUntil > now)
        {
            return null;
        }

        if (!found.HasValue)
        {
            // Nobody reads it at the moment: it is not to be waited for, until it is listed again.
            row.Retire(CheckpointRow.Ended, now);
        }

        row.Attempt++;
        (row.LeaseHolder, row.LeaseUntil) = (holder, now + settings.Lease);
        note(row);
        try
        {
            row.ETag = found.HasValue
                ? (await _table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, cancellationToken)).Headers.ETag!.Value
                : (await _table.AddEntityAsync(row, cancellationToken)).Headers.ETag!.Value;
            return new ScopeLease(_table, row, settings.Lease, time);
        }
        catch (RequestFailedException exception) when (exception.Status is 412 or 409)
        {
            return null;
        }
    }

    private async Task<CheckpointRow?> FindAsync(string partition, string key, CancellationToken cancellationToken)
    {
        // A row that says that somebody holds the lease is looked at again: he may have ended since.
        if (_listed.TryRemove((partition, key), out var listed) && listed?.LeaseHolder is null)
        {
            return listed;
        }

        var found = await _table.GetEntityIfExistsAsync<CheckpointRow>(partition, key, cancellationToken: cancellationToken);
        return found.HasValue ? found.Value : null;
    }

    private async Task<ItemRow?> FindOpenAsync(string holder, CancellationToken cancellationToken)
    {
        var bar = holder.IndexOf('|', StringComparison.Ordinal);
        return await runs.FindItemAsync(holder[..bar], holder[(bar + 1)..], cancellationToken) is { IsOpen: true } item ? item : null;
    }

    /// <summary>An item that was put off loses its progress to the next holder; its row has to say that pages of it are stored.</summary>
    private async Task MarkBegunAsync(ItemRow? item, CancellationToken cancellationToken)
    {
        if (item is { Begun: false })
        {
            item.Begun = true;
            await runs.TryUpdateAsync(item, cancellationToken);
        }
    }

    private CheckpointRow NewRow(Feed feed, Scope scope) => new()
    {
        PartitionKey = CheckpointRow.PartitionOf(scope),
        RowKey = feed.Setting,
        Feed = feed.Setting,
        ScopeKind = scope.KindName,
        ScopeId = scope.Id,
        KnownSince = time.GetUtcNow(),
    };
}
