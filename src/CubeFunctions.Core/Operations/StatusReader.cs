using System.Security.Cryptography;
using System.Text.Json;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Operations;

/// <summary>
/// The state of everything at a glance. Reads the checkpoints, gaps, the newest runs, the pauses and one blob of figures: a fixed number of
/// requests whatever the history holds.
/// </summary>
internal sealed class StatusReader(
    RunReader runs,
    GapControl gaps,
    BacklogCounter backlog,
    SharedFlags pauses,
    TenantGeneration generation,
    OperationsSettings settings,
    TimeProvider time
)
{
    private const int RecentDays = 2;
    private const int MostRuns = 20;

    /// <summary>Runs under way whose items are counted; usually there are no more than two.</summary>
    private const int MostCounted = 3;

    /// <summary>The status.</summary>
    public async Task<StatusDocument> ReadAsync(CancellationToken cancellationToken)
    {
        var (checkpoints, recent) = (runs.FreshnessAsync(cancellationToken), RecentAsync(cancellationToken));
        var (counted, known, up) = (
            backlog.ReadAsync(cancellationToken),
            gaps.ListAsync(cancellationToken),
            PausesAsync(cancellationToken)
        );
        await Task.WhenAll(checkpoints, recent, counted, known, up);
        var (scopes, figures) = (await checkpoints, await counted);
        return new StatusDocument(
            (await generation.FindAsync(cancellationToken))?.Api.ToString(),
            await generation.FindWritesOffAsync(cancellationToken),
            [
                .. scopes.Select(row => new StatusScope(
                    row.ScopeKind,
                    row.ScopeId,
                    row.Feed,
                    row.Through,
                    row.ProvenAt,
                    row.RetiredReason,
                    row.DeletionsHeldBack
                )),
            ],
            [.. (await recent).Select(run => run.Progress is null ? run.View : run.View with { InHand = InHand(scopes, run.View.RunId) })],
            await up,
            await known,
            figures.Backlog
        )
        {
            Campaigns = figures.Campaigns,
            Feeds = [.. scopes.Select(row => row.Feed).Distinct().Order(StringComparer.Ordinal).Select(feed => FeedOf(feed, figures.Days))],
        };
    }

    /// <summary>The status as JSON, with a tag that changes when anything but the time of counting does.</summary>
    public async Task<(byte[] Json, string ETag)> ReadJsonAsync(CancellationToken cancellationToken)
    {
        var status = await ReadAsync(cancellationToken);
        var compared = JsonSerializer.SerializeToUtf8Bytes(
            status with
            {
                Backlog = status.Backlog with { CountedAt = default },
            },
            OperationsJson.Default.StatusDocument
        );
        return (
            JsonSerializer.SerializeToUtf8Bytes(status, OperationsJson.Default.StatusDocument),
            $"\"{Convert.ToHexStringLower(SHA256.HashData(compared).AsSpan(0, 16))}\""
        );
    }

    /// <summary>Pauses that are up.</summary>
    public async Task<IReadOnlyList<PauseView>> PausesAsync(CancellationToken cancellationToken) =>
        [
            .. (await pauses.ListAsync(cancellationToken)).Select(pause => new PauseView(
                pause.Name,
                pause.State.UntilLifted ? null : pause.State.Until,
                pause.State.Since,
                pause.State.Reason,
                pause.State.AskedBy
            )),
        ];

    /// <summary>Lifts a pause, also one that another process raised.</summary>
    /// <exception cref="OperationException">There is none of this name.</exception>
    public async Task LiftAsync(string name, CancellationToken cancellationToken)
    {
        if (!await pauses.LiftAsync(name, cancellationToken))
        {
            throw OperationException.NotFound("pause");
        }
    }

    /// <summary>The newest runs; of those under way the items are counted.</summary>
    private async Task<IReadOnlyList<(RunView View, IReadOnlyDictionary<ItemState, int>? Progress)>> RecentAsync(
        CancellationToken cancellationToken
    )
    {
        var recent = (await runs.RecentAsync(RecentDays, cancellationToken)).Take(MostRuns).ToList();
        var counted = recent
            .Where(run => run.Status == RunStatus.Running)
            .Take(MostCounted)
            .Select(run => run.RowKey)
            .ToHashSet(StringComparer.Ordinal);
        return await Task.WhenAll(
            recent.Select(async run =>
            {
                var progress = counted.Contains(run.RowKey) ? await runs.CountItemsAsync(run.RowKey, cancellationToken) : null;
                return (progress is null ? ViewOf(run) : ViewOf(run, progress), progress);
            })
        );
    }

    private static RunView ViewOf(RunRow run, IReadOnlyDictionary<ItemState, int> progress) =>
        ViewOf(run) with
        {
            Succeeded = progress.GetValueOrDefault(ItemState.Succeeded),
            Failed = progress.GetValueOrDefault(ItemState.Failed),
            Unproven = progress.GetValueOrDefault(ItemState.Unproven),
        };

    private int InHand(IReadOnlyList<CheckpointRow> scopes, string runId) =>
        scopes.Count(row =>
            row.LeaseUntil > time.GetUtcNow() && row.LeaseHolder?.StartsWith(runId + '|', StringComparison.Ordinal) == true
        );

    private StatusFeed FeedOf(string name, IReadOnlyList<FeedDay> days)
    {
        var isDated = FeedCatalogue.Find(name)?.Dated ?? false;
        return new StatusFeed(
            name,
            isDated,
            isDated ? settings.StaleDatedAfterHours : settings.StaleSnapshotAfterHours,
            [.. days.Where(day => day.Feed == name).Select(day => new DayRecords(day.Day, day.Records))]
        );
    }

    internal static RunView ViewOf(RunRow run) =>
        new(
            run.RowKey,
            $"{run.Kind}",
            $"{run.Status}",
            run.StartedAt,
            run.CompletedAt,
            run.Items,
            run.Succeeded,
            run.Failed,
            run.Unproven,
            run.Pages,
            run.Records,
            run.Bytes
        )
        {
            Notices = run.ReadNotices() is { Count: > 0 } notices ? notices : null,
        };
}
