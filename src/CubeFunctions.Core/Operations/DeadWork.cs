using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Core.Upserts;

namespace CubeFunctions.Core.Operations;

/// <summary>The body of <c>POST /api/replay</c> and <c>POST /api/drop</c>.</summary>
internal sealed record DeadWorkOrder
{
    /// <summary><c>upserts</c>, <c>changes</c> or <c>sync</c>.</summary>
    public string? What { get; init; }

    /// <summary>
    /// Ids as <c>status</c> shows them; null or empty for all that are dead. Deletions that are held back are released by their id only.
    /// </summary>
    public IReadOnlyList<string>? Ids { get; init; }
}

/// <summary>What came of it.</summary>
/// <param name="Count">How many were sent again, or given up.</param>
/// <param name="Runs">Runs that were started for failed items.</param>
internal sealed record DeadWorkResult(int Count, IReadOnlyList<string>? Runs = null)
{
    /// <summary>Upserts that cannot be sent as they are: they stay dead, with the reason of today.</summary>
    public int StillDead { get; init; }
}

/// <summary>Sends dead work again, or gives it up.</summary>
internal sealed class DeadWork(UpsertReader upserts, DeliveryReader deliveries, BacklogCounter backlog, RunStore runs, RunPlanner planner)
{
    private const int MostIds = 1000;
    private const int MostNamed = 5;

    /// <summary>Sends dead upserts, deliveries or failed items again, and releases deletions that are held back.</summary>
    /// <exception cref="OperationException">An id names nothing that is dead: then nothing is changed.</exception>
    public Task<DeadWorkResult> ReplayAsync(DeadWorkOrder order, CancellationToken cancellationToken) =>
        DoAsync(order, isReplay: true, cancellationToken);

    /// <summary>Gives dead upserts or deliveries up.</summary>
    /// <exception cref="OperationException">An id names nothing that is dead: then nothing is changed.</exception>
    public Task<DeadWorkResult> DropAsync(DeadWorkOrder order, CancellationToken cancellationToken) =>
        DoAsync(order, isReplay: false, cancellationToken);

    private async Task<DeadWorkResult> DoAsync(DeadWorkOrder order, bool isReplay, CancellationToken cancellationToken)
    {
        var ids = order.Ids ?? [];
        if (ids.Count > MostIds || ids.Any(id => id is not { Length: > 0 and < 1024 }))
        {
            throw OperationException.Invalid($"ids: at most {MostIds}, none of them empty");
        }

        var result = order.What switch
        {
            "upserts" when isReplay => await ReplayUpsertsAsync(ids, cancellationToken),
            "upserts" => Known(await upserts.DropAsync(ids, cancellationToken)),
            "changes" => Known(
                await (isReplay ? deliveries.ReplayAsync(ids, cancellationToken) : deliveries.DropAsync(ids, cancellationToken))
            ),
            "sync" when isReplay => await ReadAgainAsync(ids, cancellationToken),
            "sync" => throw OperationException.Invalid("what: failed items cannot be dropped; the next run reads their windows again"),
            _ => throw OperationException.Invalid("what: is none of upserts, changes, sync"),
        };
        await backlog.CountAsync(cancellationToken);
        return result;
    }

    private async Task<DeadWorkResult> ReplayUpsertsAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var (count, stillDead, unknown) = await upserts.ReplayAsync(ids, cancellationToken);
        return Known((count, unknown)) with { StillDead = stillDead };
    }

    private static DeadWorkResult Known((int Count, IReadOnlyList<string> Unknown) done) =>
        done.Unknown.Count == 0
            ? new DeadWorkResult(done.Count)
            : throw new OperationException(
                404,
                "Not dead",
                $"ids: {Named(done.Unknown)} {(done.Unknown.Count == 1 ? "names" : "name")} nothing that is dead; nothing was changed"
            );

    private static string Named(IReadOnlyList<string> ids) =>
        string.Join(", ", ids.Take(MostNamed).Select(id => $"'{id}'"))
        + (ids.Count > MostNamed ? $" and {ids.Count - MostNamed} more" : "");

    /// <summary>Failed items are read again by runs of their scopes and feeds, from where the checkpoints stand.</summary>
    private async Task<DeadWorkResult> ReadAgainAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var items = new List<ItemRow>();
        foreach (
            var id in ids.Count > 0 ? ids : [.. (await backlog.CountAsync(cancellationToken)).Backlog.FailedItems.Select(item => item.Id)]
        )
        {
            var slash = id.IndexOf('/', StringComparison.Ordinal);
            items.Add(
                slash > 0
                && await runs.FindItemAsync(id[..slash], id[(slash + 1)..], cancellationToken) is { } item
                && item.State == ItemState.Failed
                    ? item
                    : throw new OperationException(404, "Not failed", $"ids: '{id}' names no failed item; nothing was started")
            );
        }

        var started = new List<string>();
        foreach (var feed in items.Where(item => item.FeedOf != FeedCatalogue.Campaigns).GroupBy(item => item.FeedOf))
        {
            string[] scopes = [.. feed.Select(item => item.ScopeId).Distinct(StringComparer.Ordinal)];
            var isCampaign = feed.Key.Scope == ScopeKind.Campaign;
            var request = new RunRequest(RunKind.Manual, [feed.Key])
            {
                Campaigns = isCampaign ? scopes : [],
                Assignments = isCampaign ? [] : scopes,
                Deliver = true,
            };
            started.Add((await planner.StartAsync(request, cancellationToken)).RunId);
        }

        return new DeadWorkResult(items.Count, started);
    }
}
