using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;





namespace CubeFunctions.Core.Sync;

/// <summary>Makes up for whoever died: finishes plans, wakes items that wait too long, closes runs whose last item ended unseen, forgets old runs.</summary>
public sealed class SyncJanitor(
    RunStore runs, CheckpointStore checkpoints, RunPlanner planner, RunCloser closer, SyncNotifier waker, SyncSettings settings, RetentionSettings retention, TimeProvider time)
{
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromHours(6);
    private static readonly TimeSpan MeasureEvery = TimeSpan.FromMinutes(4);

    /// <summary>A message that comes while the lease still holds is taken for a repeat.</summary>
    private static readonly TimeSpan AfterLease = TimeSpan.FromSeconds(1);

    private DateTimeOffset _forgot;
    private DateTimeOffset _measured;

    /// <summary>Sweeps once.</summary>
    /// <param name="force">True to wake every open item at once, however lately it was sent for.</param>
    /// <param name="cancellationToken">Ends the sweep.</param>
    /// <returns>Ids of the runs that are open.</returns>
    public async Task<IReadOnlyList<string>> SweepAsync(bool force, CancellationToken cancellationToken)
    {
        var open = (await runs.OpenRunsAsync(cancellationToken)).Runs;
        foreach (var run in open)
        {
            if (run.RunStatus == RunStatus.Planning)
            {
                await planner.ResumeAsync(run, force, cancellationToken);
            }
            else
            {
                await WakeAsync(run, force, cancellationToken);
            }
        }

        if (!force)
        {
            await MeasureAsync(cancellationToken);
            await ForgetAsync(cancellationToken);
        }

        return [.. open.Select(run => run.RowKey)];
    }

    private async Task WakeAsync(RunRow run, bool force, CancellationToken cancellationToken)
    {
        var items = new List<ItemRow>();
        await foreach (var item in runs.OpenItemsAsync(run.RowKey, cancellationToken))
        {
            items.Add(item);
        }

        if (items.Count == 0)
        {
            await closer.CloseIfDoneAsync(run.RowKey, cancellationToken);
            return;
        }

        var now = time.GetUtcNow();
        var late = items.Where(item => force || now - item.WakeAt > settings.Lease * 2).ToList();
        if (late.Count == 0)
        {
            return;
        }

        var leases = (await checkpoints.AllAsync(cancellationToken))
            .Where(row => row.LeaseHolder is not null && row.LeaseUntil > now)
            .GroupBy(row => row.LeaseHolder!).ToDictionary(group => group.Key, group => group.First().LeaseUntil!.Value);
        foreach (var item in late)
        {
            var held = leases.TryGetValue(item.Holder, out var until);
            if (held && !force)
            {
                continue;
            }

            // A holder that died is waited for no longer than its lease; one that lives answers the repeat by itself.
            item.WakeAt = now;
            if (held || await runs.TryUpdateAsync(item, cancellationToken))
            {
                await waker.WakeAsync(item, held ? until - now + AfterLease : TimeSpan.Zero, cancellationToken);
            }
        }
    }

    /// <summary>Tells how long the scope that waits longest has waited for proof, a feed at a time.</summary>
    private async Task MeasureAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (now - _measured < MeasureEvery)
        {
            return;
        }

        _measured = now;
        foreach (var feed in (await checkpoints.AllAsync(cancellationToken)).Where(row => row.RetiredAt is null).GroupBy(row => row.Feed))
        {
            var oldest = feed.Min(row => row.ProvenAt ?? row.KnownSince ?? now);
            CubeMetrics.Staleness.Record((now - oldest).TotalHours, new KeyValuePair<string, object?>("feed", feed.Key));
        }
    }

    private async Task ForgetAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (now - _forgot >= ForgetEvery)
        {
            _forgot = now;
            await runs.RemoveEndedAsync(now - TimeSpan.FromDays(retention.Days), cancellationToken);
        }
    }
}
