using Azure.Data.Tables;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>Checkpoints and leases: the owner of <c>CubeCheckpoints</c>. Erasure asks here for a scope's lease.</summary>
public sealed class CheckpointStore(StorageClients storage, RunStore runs, SyncSettings settings, TimeProvider time)
{
    private readonly RowHints<CheckpointRow> _listed = new();

    internal OptimisticTable Table { get; } = new(storage.Checkpoints, storage.CreateSyncLaneAsync);

    /// <summary>All checkpoints.</summary>
    internal async Task<List<CheckpointRow>> AllAsync(CancellationToken cancellationToken, string[]? columns = null)
    {
        const string Filter = "ScopeKind ne ''";
        return await Table
            .QueryOrRepairAsync(Filter, ReadGarbledAsync, cancellationToken, columns)
            .Where(row => Scope.Parse(row.PartitionKey) is not null)
            .Select(Name)
            .ToListAsync(cancellationToken);
    }

    /// <summary>Keeps the rows of a plan for the claims that follow it.</summary>
    /// <param name="rows">As <see cref="AllAsync"/> gave them.</param>
    /// <param name="planned">The scopes and feeds that are planned.</param>
    internal void Expect(IReadOnlyDictionary<(string, string), CheckpointRow> rows, IEnumerable<ItemRow> planned) =>
        _listed.Replace(
            planned.Select(item =>
                rows.GetValueOrDefault((CheckpointRow.PartitionOf(item.Scope), item.Feed)) ?? NewRow(item.FeedOf, item.Scope)
            )
        );

    /// <summary>The last proven reading of a scope and feed; null where there is none.</summary>
    internal async Task<Reading?> FindLastReadingAsync(Feed feed, Scope scope, CancellationToken cancellationToken) =>
        (await FindAsync(feed, scope, cancellationToken))?.ReadReadings().FirstOrDefault();

    internal async Task<Claim> ClaimAsync(ItemRow item, CancellationToken cancellationToken)
    {
        for (var listed = TakeListed(item); ; listed = null)
        {
            var row = listed ?? await FindOrNewAsync(item, cancellationToken);
            var (inTheWay, resumes) = await PrepareAsync(item, row, cancellationToken);
            if (inTheWay is not null)
            {
                return inTheWay;
            }

            if (
                await LeasedRow<CheckpointRow>.TryAcquireAsync(Table, row, item.Holder, settings.Lease, time, cancellationToken) is
                { } lease
            )
            {
                return new Claim.Taken(lease, resumes);
            }
        }
    }

    /// <summary>Claims several items of one scope in one transaction.</summary>
    /// <returns>In the order of the items; null where something is in the way of one: each is to be claimed by itself.</returns>
    internal async Task<IReadOnlyList<Claim.Taken>?> TryClaimAsync(IReadOnlyList<ItemRow> items, CancellationToken cancellationToken)
    {
        var rows = new List<(CheckpointRow Row, string Holder)>();
        var resumed = new List<bool>();
        foreach (var item in items)
        {
            var row = TakeListed(item) ?? await FindOrNewAsync(item, cancellationToken);
            var (inTheWay, resumes) = await PrepareAsync(item, row, cancellationToken);
            if (inTheWay is not null)
            {
                return null;
            }

            rows.Add((row, item.Holder));
            resumed.Add(resumes);
        }

        var leases = await LeasedRow<CheckpointRow>.TryAcquireAllAsync(Table, rows, settings.Lease, time, [], cancellationToken);
        return leases is null ? null : [.. leases.Zip(resumed, static (lease, resumes) => new Claim.Taken(lease, resumes))];
    }

    /// <summary>
    /// Takes the lease for work that is no item of a run. An item that was at work before goes on from where it was afterwards.
    /// </summary>
    /// <param name="feed">The feed.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="holder">Who takes it, as the row will name it.</param>
    /// <param name="note">What is noted in the row.</param>
    /// <param name="cancellationToken">Ends the try.</param>
    /// <returns>The lease; null where another worker has it, or was quicker.</returns>
    internal async Task<LeasedRow<CheckpointRow>?> TryHoldAsync(
        Feed feed,
        Scope scope,
        string holder,
        Action<CheckpointRow> note,
        CancellationToken cancellationToken
    )
    {
        var row = await FindAsync(feed, scope, cancellationToken);
        var now = time.GetUtcNow();
        if (row?.IsHeld(now) == true)
        {
            return null;
        }

        if (row is null)
        {
            // Nobody reads it at the moment: it is not to be waited for, until it is listed again.
            row = NewRow(feed, scope);
            row.Retire(CheckpointRow.Ended, now);
        }

        row.Attempt++;
        note(row);
        return await LeasedRow<CheckpointRow>.TryAcquireAsync(Table, row, holder, settings.Lease, time, cancellationToken);
    }

    /// <summary>Notes that an item was ended by a person, and takes the lease away from the worker that has it.</summary>
    internal async Task EndAsync(ItemRow item, CancellationToken cancellationToken)
    {
        while (true)
        {
            var row = await FindAsync(item.FeedOf, item.Scope, cancellationToken) ?? NewRow(item.FeedOf, item.Scope);
            if (row.IsHeld(time.GetUtcNow()) && row.LeaseHolder != item.Holder)
            {
                // Another run's item is at work: this one has not begun, and will find its own row ended.
                return;
            }

            row.Attempt++;
            (row.LeaseHolder, row.LeaseUntil, row.Finished) = (null, null, item.Holder);
            row.WriteProgress(null);
            if (await Table.SaveAsync(row, cancellationToken) == StorageOutcome.Saved)
            {
                return;
            }
        }
    }

    /// <summary>A hint that says that the row is held is not gone by: the holder may have finished since.</summary>
    private CheckpointRow? TakeListed(ItemRow item) =>
        _listed.Take(CheckpointRow.PartitionOf(item.Scope), item.Feed) is { LeaseHolder: null } hint ? hint : null;

    private async Task<CheckpointRow> FindOrNewAsync(ItemRow item, CancellationToken cancellationToken) =>
        await FindAsync(item.FeedOf, item.Scope, cancellationToken) ?? NewRow(item.FeedOf, item.Scope);

    /// <summary>Makes a row what an item's claim is to save.</summary>
    /// <returns>What is in the way, or null; and whether an earlier claim may have left pages.</returns>
    private async Task<(Claim? InTheWay, bool Resumes)> PrepareAsync(ItemRow item, CheckpointRow row, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (row.Finished == item.Holder)
        {
            return (new Claim.Ended(), false);
        }

        if (row.IsHeld(now))
        {
            return (new Claim.Busy(row.LeaseUntil!.Value - now, SameItem: row.LeaseHolder == item.Holder), false);
        }

        var progress = row.ReadProgress();
        var resumes = item.Begun || (row.Progress is not null && (progress is null || progress.Item == item.Holder));
        if (progress is not null && progress.Item != item.Holder)
        {
            var other = await FindOpenAsync(progress.Item, cancellationToken);
            if (other is not null && row.LeaseHolder == progress.Item)
            {
                return (new Claim.Abandoned(other), false);
            }

            await MarkBegunAsync(other, cancellationToken);
            progress = null;
        }

        row.Attempt++;
        row.AssignmentId = item.AssignmentId ?? row.AssignmentId;
        if (item.AnewSince is { } since && !(row.AnewSince >= since))
        {
            row.BeginAnew(since);
        }

        if (item.Listed)
        {
            row.ListedOn = item.Today;
            if (row.RetiredReason == CheckpointRow.Ended)
            {
                row.Revive();
            }
        }

        row.WriteProgress(progress ?? new CrawlProgress(item.Holder, "", row.Attempt, 1, null, "", now));
        return (null, resumes);
    }

    private async Task<CheckpointRow?> FindAsync(Feed feed, Scope scope, CancellationToken cancellationToken) =>
        await Table.FindOrRepairAsync(CheckpointRow.PartitionOf(scope), feed.Setting, ReadGarbledAsync, cancellationToken) is { } row
            ? Name(row)
            : null;

    /// <summary>
    /// A checkpoint some of whose columns cannot be read. What they said is forgotten, so that it costs a reading; where it would cost more
    /// than that it is taken for what is safe. The next claim stores it whole.
    /// </summary>
    private Task<CheckpointRow> ReadGarbledAsync(TableEntity garbled, CancellationToken cancellationToken)
    {
        var (row, lost) = RowReader.Read<CheckpointRow>(garbled);
        var now = time.GetUtcNow();

        // Above any that was ever given: names of pages hold it.
        row.Attempt = lost.Contains(nameof(row.Attempt)) ? (int)(now - DateTimeOffset.UnixEpoch).TotalMinutes : row.Attempt;
        row.Gaps = lost.Contains(nameof(row.Gaps)) ? 1 : row.Gaps;
        row.ErasedAt = lost.Contains(nameof(row.ErasedAt)) ? now : row.ErasedAt;
        row.DeletionsHeldBack |= lost.Contains(nameof(row.DeletionsHeldBack));
        row.HasDeferredChanges |= lost.Contains(nameof(row.HasDeferredChanges));
        return Task.FromResult(Name(row));
    }

    /// <summary>What a row is of is in its keys, whatever somebody did to its columns.</summary>
    private static CheckpointRow Name(CheckpointRow row)
    {
        if (Scope.Parse(row.PartitionKey) is { } scope)
        {
            (row.Feed, row.ScopeKind, row.ScopeId) = (row.RowKey, scope.KindName, scope.Id);
        }

        return row;
    }

    private async Task<ItemRow?> FindOpenAsync(string holder, CancellationToken cancellationToken)
    {
        var bar = holder.IndexOf('|', StringComparison.Ordinal);
        return await runs.FindItemAsync(holder[..bar], holder[(bar + 1)..], cancellationToken) is { IsOpen: true } item ? item : null;
    }

    /// <summary>
    /// An item that was rescheduled loses its progress to the next holder; its row has to say that pages of it are stored.
    /// </summary>
    private async Task MarkBegunAsync(ItemRow? item, CancellationToken cancellationToken)
    {
        if (item is { Begun: false })
        {
            await runs.TryChangeAsync(item, static row => row.Begun = true, cancellationToken);
        }
    }

    private CheckpointRow NewRow(Feed feed, Scope scope) =>
        new()
        {
            PartitionKey = CheckpointRow.PartitionOf(scope),
            RowKey = feed.Setting,
            Feed = feed.Setting,
            ScopeKind = scope.KindName,
            ScopeId = scope.Id,
            KnownSince = time.GetUtcNow(),
        };
}
