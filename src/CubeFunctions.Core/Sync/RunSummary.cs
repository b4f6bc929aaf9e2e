using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Sync;

/// <summary>Makes run manifests. They follow from the rows alone, so that two workers that close a run at once write the same.</summary>
internal static class RunSummary
{
    public static RunManifest Of(RunRow run, IReadOnlyList<ItemRow> rows, IReadOnlyList<GapRow> gaps)
    {
        var items = rows.Where(row => row.State != ItemState.InHand).ToList();
        int Count(ItemState state) => items.Count(item => item.State == state);
        var totals = new ItemTotals(items.Count, Count(ItemState.Succeeded), Count(ItemState.Failed), Count(ItemState.Unproven));
        var windows = items
            .SelectMany(item => item.ReadWindows().Where(window => !window.Halved), (item, window) => (Item: item, Window: window))
            .ToList();
        var left = rows.Where(row => row.State == ItemState.InHand)
            .Select(row => new RunLeft(row.FeedOf.Name, row.ScopeKind, row.ScopeId, row.Reason ?? ""))
            .ToList();
        var notices = run.ReadNotices();
        return new RunManifest
        {
            RunId = run.RowKey,
            Kind = run.Kind,
            Status =
                Count(ItemState.Cancelled) > 0 ? RunStatus.Cancelled
                : totals.Failed == 0 ? RunStatus.Succeeded
                : totals.Failed == totals.Total ? RunStatus.Failed
                : RunStatus.PartiallySucceeded,
            StartedAt = run.StartedAt,
            CompletedAt = items.Max(item => item.CompletedAt) ?? run.StartedAt,
            Items = totals,
            Pages = windows.Sum(entry => (long)entry.Window.Pages),
            Records = windows.Sum(entry => entry.Window.Records),
            Bytes = windows.Sum(entry => entry.Window.Bytes),
            Windows =
            [
                .. windows.Select(entry => new RunWindow(
                    entry.Item.FeedOf.Name,
                    entry.Item.ScopeKind,
                    entry.Item.ScopeId,
                    entry.Window.From,
                    entry.Window.To,
                    entry.Window.Proof,
                    entry.Window.Records,
                    entry.Window.Manifest,
                    entry.Window.Unchanged
                )
                {
                    Reason = entry.Window.Reason,
                }),
            ],
            Failures =
            [
                .. items
                    .Where(item => item.State == ItemState.Failed)
                    .Select(item => new RunFailure(item.FeedOf.Name, item.ScopeKind, item.ScopeId, item.Reason ?? "unknown")),
            ],
            InHand = left.Count == 0 ? null : left,
            Gaps = gaps.Count == 0 ? null : [.. gaps.Select(Gap)],
            Notices = notices.Count == 0 ? null : notices,
        };
    }

    private static RunGap Gap(GapRow gap) =>
        new(
            FeedCatalogue.Find(gap.Feed)?.Name ?? gap.Feed,
            gap.Scope.KindName,
            gap.Scope.Id,
            gap.Day,
            gap.ReportedCount,
            gap.Records,
            gap.Since,
            gap.State == GapState.Accepted
        );
}
