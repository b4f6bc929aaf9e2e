using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Sync;

/// <summary>Starts runs: writes the run's row, reads the list of campaigns, writes a row for each item, notifies workers.</summary>
/// <remarks>
/// A tick plans the scopes and feeds that no earlier run of its kind has in hand, and lists the others with the run that has them.
/// </remarks>
public sealed partial class RunPlanner(
    ListingStore listing,
    RunStore runs,
    CheckpointStore checkpoints,
    QueueNotifier<SyncMessage> notifier,
    RunCloser closer,
    PlanSettings settings,
    ILogger<RunPlanner> logger
)
{
    private static readonly RecoveryPolicy Policy = RecoveryPolicy.Steps(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
    private readonly string _holder = $"planner|{Guid.NewGuid():N}";

    private DateTimeOffset Now => settings.Time.GetUtcNow();

    /// <summary>Starts a run, unless all that it would read is in hand of earlier runs of its kind.</summary>
    public async Task<RunStart> StartAsync(RunRequest request, CancellationToken cancellationToken)
    {
        var run = NewRun(request);
        using var span = CubeTraces.Source.StartActivity("plan run");
        span?.SetTag("cube.run.kind", $"{request.Kind}");
        await using var ahead = listing.Prepare(cancellationToken);
        while (true)
        {
            var open = request.Kind == RunKind.Manual ? new OpenRuns([], []) : await runs.OpenRunsToStartAsync(cancellationToken);
            if (open.PlanningOf(request.Kind) is { } planning)
            {
                if (planning.IsHeld(Now))
                {
                    // What that one will have in hand is not known yet.
                    LogSkipped(logger, request.Kind, planning.RowKey);
                    return new RunStart(planning.RowKey, Skipped: true, 0);
                }

                await ResumeAsync(planning, open, force: false, cancellationToken);
                continue;
            }

            ahead.Begin();
            if (await AcquireAsync(run, open, cancellationToken) is not { } lease)
            {
                continue;
            }

            await using (lease)
            {
                return await PlanSafelyAsync(lease, open, ahead, cancellationToken);
            }
        }
    }

    /// <summary>Plans a run whose planner died half way through.</summary>
    /// <param name="run">The run.</param>
    /// <param name="open">The runs that are open.</param>
    /// <param name="force">True when no planner can be alive: the lease is not waited for.</param>
    /// <param name="cancellationToken">Ends the planning.</param>
    internal async Task ResumeAsync(RunRow run, OpenRuns open, bool force, CancellationToken cancellationToken)
    {
        if (run.IsHeld(Now) && !force)
        {
            return;
        }

        run.PlanAttempt++;
        await using var lease = await LeasedRow<RunRow>.TryAcquireAsync(
            runs.Table,
            run,
            _holder,
            settings.Sync.Lease,
            settings.Time,
            cancellationToken
        );
        if (lease is not null)
        {
            await using var ahead = listing.Prepare(cancellationToken);
            await PlanSafelyAsync(lease, open, ahead, cancellationToken);
        }
    }

    private RunRow NewRun(RunRequest request)
    {
        var now = Now;
        var run = new RunRow
        {
            RowKey = RunId.New(now),
            Kind = request.Kind,
            Status = RunStatus.Planning,
            Today = settings.Cube.TimeZone.LocalDay(now).Iso(),
            From = request.From?.Iso(),
            To = request.To?.Iso(),
            Feeds = string.Join(',', request.Feeds.Select(feed => feed.Setting).Distinct()),
            Deliver = request.Deliver,
            PlanAttempt = 1,
            StartedAt = now,
        };
        var isChosen = request.Campaigns.Count > 0 || request.Assignments.Count > 0;
        run.WriteChosen(isChosen ? request.Campaigns : settings.Sync.Campaigns, request.Assignments);
        return run;
    }

    /// <summary>
    /// Adds the run with the planner's lease. The row of its kind, written with it, keeps two planners from planning the same scopes.
    /// </summary>
    private Task<LeasedRow<RunRow>?> AcquireAsync(RunRow run, OpenRuns open, CancellationToken cancellationToken)
    {
        var kind = open.Kinds.GetValueOrDefault(run.Kind) ?? new RunRow { RowKey = RunRow.KindPrefix + run.Kind, Kind = run.Kind };
        (run.PreviousRun, kind.LastRun, kind.StartedAt) = (run.Kind == RunKind.Manual ? null : kind.LastRun, run.RowKey, run.StartedAt);
        RowWrite[] beside = run.Kind == RunKind.Manual ? [] : [RowWrite.Save(kind)];
        return LeasedRow<RunRow>.TryAcquireAsync(runs.Table, run, _holder, settings.Sync.Lease, settings.Time, beside, cancellationToken);
    }

    /// <summary>
    /// The last barrier around a plan: what is thrown is counted in the run's row and the lease released; after several tries the run has
    /// failed by name.
    /// </summary>
    private async Task<RunStart> PlanSafelyAsync(
        LeasedRow<RunRow> lease,
        OpenRuns open,
        ListingAhead ahead,
        CancellationToken cancellationToken
    )
    {
        using var working = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
        try
        {
            return await PlanAsync(lease, open, ahead, working.Token);
        }
        catch (Exception exception)
            when (exception is not LeaseLostException && !cancellationToken.IsCancellationRequested && !lease.Lost.IsCancellationRequested)
        {
            var run = lease.Row;
            var failure = StorageErrors.ToFailure(exception, working.Token);
            LogNotPlanned(logger, run.RowKey, failure.Reason);
            switch (Recoverability.Decide(Policy, failure, new FailureHistory(run.PlanFailures, null), Now, 0))
            {
                case Recovery.RetryAfter retry:
                    (run.PlanFailures, run.Reason) = (retry.Next.Attempts, failure.Reason);
                    break;
                default:
                    (run.Status, run.Reason, run.CompletedAt) = (RunStatus.Failed, failure.Reason, Now);
                    break;
            }

            await lease.ReleaseAsync(cancellationToken);
            throw;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10), settings.Time);
            await lease.ReleaseAsync(limit.Token);
            throw;
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested)
        {
            throw new LeaseLostException();
        }
    }

    private async Task<RunStart> PlanAsync(LeasedRow<RunRow> lease, OpenRuns open, ListingAhead ahead, CancellationToken cancellationToken)
    {
        var run = lease.Row;
        var known = (await checkpoints.AllAsync(cancellationToken)).ToDictionary(row => (row.PartitionKey, row.RowKey));
        var plan = new ItemPlan(run, known, settings.Sync, Now);
        var list = plan.NewItem(FeedCatalogue.Campaigns, Scope.Tenant, isListed: true, null);
        using var received = await ListAsync(run, plan, list, ahead, cancellationToken);
        var items = await LeaveInHandAsync(run, plan.Items, open, cancellationToken);
        if (items.Count > 0 && items.TrueForAll(item => item.State == ItemState.InHand))
        {
            return await DropAsync(lease, items[0].Reason!, cancellationToken);
        }

        if (received is not null)
        {
            list.WriteWindows([await listing.StoreAsync(received, run, cancellationToken)]);
        }

        list.CompletedAt = Now;
        items.Insert(0, list);
        await runs.AddItemsAsync(run.RowKey, items, someMayExist: run.PlanAttempt > 1, cancellationToken);
        checkpoints.Expect(known, items.Where(item => item.IsOpen));
        run.Status = RunStatus.Running;
        run.Left = items.Count(item => item.State == ItemState.InHand);
        run.Items = items.Count - run.Left;
        run.HasGaps = known.Values.Any(row => row.Gaps > 0);
        run.Reason = null;
        await lease.ReleaseAsync(cancellationToken);
        runs.Expect(run);
        LogPlanned(logger, run.Kind, run.RowKey, run.Items, run.Left);
        await Parallel.ForEachAsync(
            SyncMessage.For(items.FindAll(item => item.IsOpen)),
            cancellationToken,
            async (message, token) => await notifier.SendAsync(message, TimeSpan.Zero, token)
        );
        if (!items.Exists(item => item.IsOpen))
        {
            await closer.CloseIfDoneAsync(run.RowKey, cancellationToken);
        }

        return new RunStart(run.RowKey, Skipped: false, run.Items);
    }

    /// <summary>
    /// Reads the list of campaigns into the plan. Where it cannot be had, what is known is planned, and the list's item fails by name.
    /// </summary>
    private async Task<ReceivedListing?> ListAsync(
        RunRow run,
        ItemPlan plan,
        ItemRow list,
        ListingAhead ahead,
        CancellationToken cancellationToken
    )
    {
        ReceivedListing? received = null;
        try
        {
            received = await listing.ReadAsync(ahead, cancellationToken);
            var missing = Use(run, plan, received.Generation, await settings.Generation.FindSwitchAsync(cancellationToken));
            var (ended, unknown) = await listing.FindEndedAsync(
                [.. plan.Chosen.Except(received.Campaigns.Select(campaign => campaign.Id))],
                cancellationToken
            );
            plan.AddListed(received.Campaigns, ended);
            IReadOnlyList<string> notices = [.. received.Faults, .. plan.NoticesOf(unknown)];
            run.WriteNotices([.. missing, .. notices]);
            list.State = ItemState.Succeeded;
            foreach (var notice in notices)
            {
                LogFault(logger, run.RowKey, notice);
            }

            return received;
        }
        catch (Exception exception) when (exception is CubeException or System.Text.Json.JsonException or InvalidOperationException)
        {
            received?.Dispose();
            var failure =
                exception as CubeException
                ?? new CubeException(CubeFailureKind.MalformedPage, "the campaigns listing cannot be read", exception);
            LogNoListing(logger, run.RowKey, failure.Kind, failure.Message);
            (list.State, list.ReasonKind, list.Reason) = (ItemState.Failed, failure.Kind.ToString(), failure.Message);
            if (
                failure.Kind is not (CubeFailureKind.Unauthorised or CubeFailureKind.GenerationChanged)
                && await settings.Generation.FindSwitchAsync(cancellationToken) is var switchedAt
                && switchedAt != DateTimeOffset.MaxValue
            )
            {
                Use(run, plan, await settings.Generation.GetAsync(cancellationToken), switchedAt);
                plan.AddAllKnown();
            }

            return null;
        }
    }

    /// <returns>What to say of feeds that were asked for and that the generation has not.</returns>
    private IReadOnlyList<string> Use(RunRow run, ItemPlan plan, ApiCatalogue generation, DateTimeOffset? switchedAt)
    {
        var missing = plan.Use(generation, switchedAt);
        if (missing.Count == 0)
        {
            return [];
        }

        LogNotOffered(logger, run.RowKey, string.Join(", ", missing), generation.Api);

        // For lists that repeat those of campaigns a log line is enough.
        var feeds = missing.Where(static name => !FeedCatalogue.RepeatsCampaigns(name)).ToList();
        return feeds.Count == 0 ? [] : [$"{string.Join(", ", feeds)} is not read: {generation.Api} has {generation.NamesLine}"];
    }

    /// <summary>Marks the scopes and feeds that an earlier run of the kind has in hand.</summary>
    private async Task<List<ItemRow>> LeaveInHandAsync(
        RunRow run,
        IReadOnlyList<ItemRow> items,
        OpenRuns open,
        CancellationToken cancellationToken
    )
    {
        var holders = new Dictionary<string, string>(StringComparer.Ordinal);
        if (run.Kind != RunKind.Manual)
        {
            foreach (var other in open.RunningOf(run.Kind).Where(other => other.RowKey != run.RowKey))
            {
                await foreach (var item in runs.OpenItemsAsync(other.RowKey, cancellationToken))
                {
                    holders.TryAdd(item.RowKey, other.RowKey);
                }
            }
        }

        foreach (var item in items)
        {
            if (holders.TryGetValue(item.RowKey, out var holder))
            {
                (item.State, item.Reason) = (ItemState.InHand, holder);
            }
        }

        return [.. items];
    }

    /// <summary>Takes a run back that has nothing to read.</summary>
    private async Task<RunStart> DropAsync(LeasedRow<RunRow> lease, string holder, CancellationToken cancellationToken)
    {
        await lease.DisposeAsync();
        await runs.Table.DeleteAsync(lease.Row, cancellationToken);
        LogSkipped(logger, lease.Row.Kind, holder);
        return new RunStart(holder, Skipped: true, 0);
    }

    [LoggerMessage(100, LogLevel.Information, "{Kind} run {RunId} planned: {Items} items; {Left} are in hand of earlier runs")]
    private static partial void LogPlanned(ILogger logger, RunKind kind, string runId, int items, int left);

    [LoggerMessage(101, LogLevel.Information, "No {Kind} run started: run {RunId} has all in hand")]
    private static partial void LogSkipped(ILogger logger, RunKind kind, string runId);

    [LoggerMessage(
        102,
        LogLevel.Error,
        "Run {RunId}: the campaigns cannot be listed ({FailureKind}): {Reason}; those that are known are read"
    )]
    private static partial void LogNoListing(ILogger logger, string runId, CubeFailureKind failureKind, string reason);

    [LoggerMessage(103, LogLevel.Warning, "Run {RunId}: {Fault}")]
    private static partial void LogFault(ILogger logger, string runId, string fault);

    [LoggerMessage(105, LogLevel.Warning, "Run {RunId}: {Feeds} are not among the feeds of {Api}; they are not read")]
    private static partial void LogNotOffered(ILogger logger, string runId, string feeds, CubeApi api);

    [LoggerMessage(104, LogLevel.Error, "Run {RunId} could not be planned: {Reason}")]
    private static partial void LogNotPlanned(ILogger logger, string runId, string reason);
}

/// <summary>What plans go by.</summary>
public sealed record PlanSettings(CubeSettings Cube, SyncSettings Sync, TenantGeneration Generation, TimeProvider Time);
