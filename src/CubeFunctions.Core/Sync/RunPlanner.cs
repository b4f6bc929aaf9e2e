using System.Security.Cryptography;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Sync;

/// <summary>Starts runs: writes the run's row, reads the list of campaigns, writes a row for each item, wakes workers.</summary>
public sealed partial class RunPlanner(
    CampaignListing listing, RunStore runs, CheckpointStore checkpoints, RawStore raw, SyncNotifier waker, RunCloser closer,
    CubeSettings cubeSettings, SyncSettings settings, TimeProvider time, ILogger<RunPlanner> logger)
{
    private const int DefaultDaysBack = 30;

    /// <summary>How long one try to plan has the run for itself.</summary>
    private static readonly TimeSpan PlanLease = TimeSpan.FromMinutes(6);

    /// <summary>A listed campaign that once answered 404 is asked again after this time.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromHours(24);

    /// <summary>Starts a run, unless one of its kind is active.</summary>
    public async Task<RunStart> StartAsync(RunRequest request, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var runId = RunId.New(now);
        var run = new RunRow
        {
            RowKey = runId,
            Kind = request.Kind.ToString(),
            Status = nameof(RunStatus.Planning),
            Today = cubeSettings.TimeZone.LocalDay(now).Iso(),
            From = request.From?.Iso(),
            To = request.To?.Iso(),
            Feeds = string.Join(',', request.Feeds.Select(feed => feed.Setting)),
            Campaigns = Joined(request.Campaigns.Count > 0 || request.Assignments.Count > 0 ? request.Campaigns : settings.Campaigns),
            Assignments = Joined(request.Assignments),
            Deliver = request.Deliver,
            PlanAttempt = 1,
            PlanLeaseUntil = now + PlanLease,
            StartedAt = now,
        };
        if (request.Kind == RunKind.Manual)
        {
            await runs.AddRunAsync(run, cancellationToken);
        }
        else if (await runs.TryStartAsync(run, cancellationToken) is { } active)
        {
            LogSkipped(logger, request.Kind, active);
            return new RunStart(active, Skipped: true, 0);
        }

        await PlanAsync(run, cancellationToken);
        return new RunStart(runId, Skipped: false, run.Items);
    }

    /// <summary>Plans a run whose planner died half way through.</summary>
    /// <param name="run">The run.</param>
    /// <param name="force">True when no planner can be alive: the lease is not waited for.</param>
    /// <param name="cancellationToken">Ends the planning.</param>
    internal async Task ResumeAsync(RunRow run, bool force, CancellationToken cancellationToken)
    {
        if (!force && run.PlanLeaseUntil > time.GetUtcNow())
        {
            return;
        }

        run.PlanAttempt++;
        run.PlanLeaseUntil = time.GetUtcNow() + PlanLease;
        if (await runs.TryUpdateAsync(run, cancellationToken))
        {
            await PlanAsync(run, cancellationToken);
        }
    }

    private async Task PlanAsync(RunRow run, CancellationToken cancellationToken)
    {
        var started = time.GetUtcNow();
        var listItem = NewItem(run, FeedCatalogue.Campaigns, Scope.Tenant, listed: true);
        List<ItemRow> items = [listItem];
        try
        {
            var campaigns = await StoreListingAsync(run, listItem, started, cancellationToken);
            items.AddRange(await ItemsAsync(run, campaigns, cancellationToken));
            listItem.State = nameof(ItemState.Succeeded);
        }
        catch (CubeException exception)
        {
            LogNoListing(logger, run.RowKey, exception.Kind, exception.Message);
            listItem.State = nameof(ItemState.Failed);
            listItem.ReasonKind = exception.Kind.ToString();
            listItem.Reason = exception.Message;
        }

        listItem.CompletedAt = time.GetUtcNow();
        await runs.AddItemsAsync(run.RowKey, items, someMayExist: run.PlanAttempt > 1, cancellationToken);
        run.Status = nameof(RunStatus.Running);
        run.Items = items.Count;
        run.PlanLeaseUntil = null;
        if (!await runs.TryEndPlanAsync(run, cancellationToken))
        {
            // Another planner has taken over, and does the rest.
            return;
        }

        closer.Planned(run.RowKey);
        closer.Ended(listItem);
        LogPlanned(logger, run.Kind, run.RowKey, items.Count);
        await Parallel.ForEachAsync(items.Where(item => item.IsOpen), cancellationToken, async (item, token) => await waker.WakeAsync(item, TimeSpan.Zero, token));
        if (items.TrueForAll(item => !item.IsOpen))
        {
            await closer.CloseIfDoneAsync(run.RowKey, cancellationToken);
        }
    }

    /// <summary>The listing is kept like any window: page, then manifest.</summary>
    private async Task<IReadOnlyList<Campaign>> StoreListingAsync(RunRow run, ItemRow item, DateTimeOffset started, CancellationToken cancellationToken)
    {
        var folder = BlobPaths.Window(FeedCatalogue.Campaigns, Scope.Tenant, Window.Snapshot, run.RowKey);
        using var page = await listing.ReadAsync(includeInactive: false, cancellationToken);
        var campaigns = Campaign.ReadAll(page.Body.Bytes);
        var name = BlobPaths.Page(run.PlanAttempt, 1);
        await raw.WritePageAsync(folder + name, page.Body, cancellationToken);
        var manifest = new WindowManifest
        {
            RunId = run.RowKey,
            Feed = FeedCatalogue.Campaigns.Name,
            Scope = Scope.Tenant.KindName,
            ScopeId = Scope.Tenant.Id,
            Proof = Proof.Count,
            Sweeps = 1,
            ReportedCount = page.Summary.Records,
            Records = page.Summary.Records,
            DistinctKeys = page.Summary.KeyHashes.Distinct().Count(),
            Bytes = page.Body.Length,
            StartedAt = started,
            CompletedAt = time.GetUtcNow(),
            Pages = [new ManifestPage(name, page.Summary.Records, page.Body.Length, Convert.ToHexStringLower(SHA256.HashData(page.Body.Bytes.Span)))],
        };
        var path = folder + BlobPaths.ManifestName;
        if (!await raw.TryWriteAsync(path, manifest, ManifestJson.Default.WindowManifest, cancellationToken))
        {
            // An earlier try to plan got as far as this; its page counts, ours does not.
            await raw.DeleteAsync(folder + name, cancellationToken);
            manifest = await raw.FindManifestAsync(path, cancellationToken) ?? manifest;
        }

        item.WriteWindows([new WindowResult(null, null, Proof.Count, 1, manifest.Records, manifest.Bytes, path, Unchanged: false)]);
        return campaigns;
    }

    private async Task<List<ItemRow>> ItemsAsync(RunRow run, IReadOnlyList<Campaign> active, CancellationToken cancellationToken)
    {
        var rows = (await checkpoints.AllAsync(cancellationToken)).ToDictionary(row => (row.PartitionKey, row.RowKey));
        var feeds = Split(run.Feeds).Select(name => FeedCatalogue.Find(name)!).ToList();
        var chosen = Split(run.Campaigns).ToHashSet();
        var assignments = Split(run.Assignments).ToHashSet();
        bool Wanted(Campaign campaign) =>
            (chosen.Count == 0 || chosen.Contains(campaign.Id)) && (assignments.Count == 0 || chosen.Contains(campaign.Id) || (campaign.AssignmentId is { } id && assignments.Contains(id)));

        var listed = active.Where(Wanted).ToList();
        var missing = chosen.Except(active.Select(campaign => campaign.Id)).ToList();
        var ended = missing.Count == 0 ? [] : await EndedAsync(missing, cancellationToken);

        var items = new List<ItemRow>();
        void Add(Feed feed, Scope scope, bool isListed)
        {
            if (!rows.TryGetValue((CheckpointRow.PartitionOf(scope), feed.Setting), out var row))
            {
                checkpoints.ExpectNone(scope, feed);
            }

            if (run.RunKind == RunKind.Manual || !IsRetired(row, isListed))
            {
                var item = NewItem(run, feed, scope, isListed, row?.ThroughDay);
                item.AssignmentId = scope.Kind == ScopeKind.Campaign ? active.FirstOrDefault(campaign => campaign.Id == scope.Id)?.AssignmentId : null;
                items.Add(item);
            }
        }

        foreach (var feed in feeds.Where(feed => feed.Scope == ScopeKind.Campaign))
        {
            listed.ForEach(campaign => Add(feed, new Scope(ScopeKind.Campaign, campaign.Id), isListed: true));
            ended.ForEach(campaign => Add(feed, new Scope(ScopeKind.Campaign, campaign.Id), isListed: false));

            // Campaigns that left the list are read on until their last days are proven.
            if (run.RunKind != RunKind.Manual)
            {
                var known = listed.Concat(ended).Select(campaign => campaign.Id).ToHashSet();
                foreach (var row in rows.Values.Where(row => row.Feed == feed.Setting && row.ListedOn is not null && !known.Contains(row.ScopeId) && Wanted(new Campaign(row.ScopeId, null))))
                {
                    Add(feed, row.Scope, isListed: false);
                }
            }
        }

        var assignmentIds = assignments.Count > 0 ? assignments : [.. listed.Concat(ended).Select(campaign => campaign.AssignmentId).OfType<string>()];
        foreach (var feed in feeds.Where(feed => feed.Scope == ScopeKind.Assignment))
        {
            foreach (var id in assignmentIds.Order(StringComparer.Ordinal))
            {
                Add(feed, new Scope(ScopeKind.Assignment, id), isListed: true);
            }
        }

        return items;
    }

    /// <summary>Campaigns that were asked for by id but are not active; one that Cube does not list at all is asked for all the same.</summary>
    private async Task<List<Campaign>> EndedAsync(List<string> ids, CancellationToken cancellationToken)
    {
        using var page = await listing.ReadAsync(includeInactive: true, cancellationToken);
        var all = Campaign.ReadAll(page.Body.Bytes).ToDictionary(campaign => campaign.Id);
        return [.. ids.Select(id => all.GetValueOrDefault(id) ?? new Campaign(id, null))];
    }

    private bool IsRetired(CheckpointRow? row, bool isListed) =>
        row?.RetiredAt is { } at && !(isListed && (row.RetiredReason == CheckpointRow.Ended || time.GetUtcNow() - at > AskAgain));

    private ItemRow NewItem(RunRow run, Feed feed, Scope scope, bool listed, DateOnly? through = null)
    {
        var today = ItemRow.Day(run.Today)!.Value;
        return new ItemRow
        {
            PartitionKey = run.RowKey,
            RowKey = ItemRow.KeyOf(feed, scope),
            Feed = feed.Setting,
            ScopeKind = scope.KindName,
            ScopeId = scope.Id,
            Kind = run.Kind,
            Today = run.Today,
            From = feed.Dated ? run.From ?? FirstDay(through, today).Iso() : null,
            To = feed.Dated ? run.To ?? run.Today : null,
            Listed = listed,
            Deliver = run.Deliver,
            WakeAt = time.GetUtcNow(),
        };
    }

    private DateOnly FirstDay(DateOnly? through, DateOnly today) =>
        through?.AddDays(-settings.LookbackDays) ?? settings.StartDate ?? today.AddDays(-DefaultDaysBack);

    private static string? Joined(IReadOnlyList<string> values) => values.Count == 0 ? null : string.Join(',', values);

    private static string[] Split(string? values) => values?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [];

    [LoggerMessage(100, LogLevel.Information, "{Kind} run {RunId} planned: {Items} items")]
    private static partial void LogPlanned(ILogger logger, string kind, string runId, int items);

    [LoggerMessage(101, LogLevel.Information, "No {Kind} run started: run {RunId} is active")]
    private static partial void LogSkipped(ILogger logger, RunKind kind, string runId);

    [LoggerMessage(102, LogLevel.Error, "Run {RunId}: the campaigns cannot be listed ({FailureKind}): {Reason}")]
    private static partial void LogNoListing(ILogger logger, string runId, CubeFailureKind failureKind, string reason);
}
