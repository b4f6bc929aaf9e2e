using CubeFunctions.Core.Operations;
using Spectre.Console;

namespace CubeFunctions.Local.Commands;

/// <summary>The status in words: a line a feed and a reason, however many scopes there are; a line each on request.</summary>
internal static class StatusText
{
    /// <summary>Figures that are older are said to be: the app's janitor counts each minute.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(3);

    /// <summary>Broken entries of the listing that are shown: the run's manifest has more.</summary>
    private const int MostNotices = 5;

    public static void Print(StatusDocument status, bool all, DateTimeOffset now)
    {
        SyncConsole.NeverWrap(AnsiConsole.Console);
        RunText.Line($"Cube's API: {status.Api ?? "not recognised yet"}");
        AnsiConsole.Write(all ? Each(status.Scopes) : Counts(status.Scopes));
        AnsiConsole.Write(RunText.TableOf(status.Runs, $"Runs of the last {StatusCommand.RecentDays} days"));
        foreach (var notice in status.Runs.Count > 0 ? (status.Runs[0].Notices ?? []).Take(MostNotices) : [])
        {
            RunText.Line($"[yellow]notice[/] {notice}");
        }

        foreach (var run in status.Backlog.FailedItems.GroupBy(item => item.RunId))
        {
            RunText.PrintReasons(
                "failed",
                run.Select(item => (item.Feed, $"{item.Scope} {item.ScopeId}", item.Reason)),
                $" in run {run.Key}",
                all
            );
        }

        RunText.PrintReasons(
            "unproven",
            status.Backlog.UnprovenItems.Select(item => (item.Feed, $"{item.Scope} {item.ScopeId}", item.Reason)),
            "",
            all
        );
        foreach (var scope in status.Scopes.Where(scope => scope.DeletionsHeldBack))
        {
            RunText.Line($"[red]deletions held back[/] {scope.Feed} of {scope.Scope} {scope.ScopeId}");
        }

        if (status.Gaps.Count > 0)
        {
            RunText.Line(
                $"[red]gaps[/] {status.Gaps.Count} days or lists give fewer records than Cube counts, {status.Gaps.Count(gap => gap.AcceptedBy is not null)} of them accepted: 'gaps' lists them"
            );
        }

        foreach (var pause in status.Pauses)
        {
            RunText.Line($"[yellow]paused[/] {PausesCommand.LineOf(pause)}");
        }

        Backlog("Upserts", "", status.Backlog.Upserts);
        if (status.WritesOff is { } off)
        {
            RunText.Line($"[yellow]not delivered[/] upserts: {off}");
        }

        Backlog("Changes for the CRM", " changes", status.Backlog.Changes);
        if (now - status.Backlog.CountedAt > Fresh)
        {
            RunText.Line($"Upserts, changes and failures as counted at {RunText.Time(status.Backlog.CountedAt)}");
        }
    }

    private static void Backlog(string title, string unit, BacklogOf backlog)
    {
        RunText.Line(
            $"{title}: {backlog.Waiting} waiting, {backlog.Dead} dead{(backlog.OldestWaiting is { } oldest ? $"; the oldest waits since {RunText.Time(oldest)}" : "")}"
        );
        foreach (var entry in backlog.Oldest)
        {
            RunText.Line(
                $"{entry.State} {entry.Id} of {entry.Source}{(unit.Length > 0 ? $", {entry.Count}{unit}" : "")}: {entry.Reason ?? "on its way"}"
            );
        }
    }

    private static Table Each(IReadOnlyList<StatusScope> scopes)
    {
        var table = RunText.NewTable("Checkpoints", "scope", "feed", "proven through", "last proven", "retired");
        foreach (var row in scopes)
        {
            table.AddRow(
                Markup.Escape($"{row.Scope} {row.ScopeId}"),
                row.Feed,
                row.Through ?? "",
                RunText.Time(row.ProvenAt),
                Markup.Escape(row.Retired ?? "")
            );
        }

        return table;
    }

    private static Table Counts(IReadOnlyList<StatusScope> scopes)
    {
        var table = RunText.NewTable(
            "Checkpoints (--all: a line a scope)",
            "feed",
            "scopes",
            "retired",
            "never proven",
            "proven through",
            "longest ago proven"
        );
        foreach (var feed in scopes.GroupBy(row => row.Feed).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var active = feed.Where(row => row.Retired is null).ToList();
            var days = active.Select(row => row.Through).OfType<string>().ToList();
            table.AddRow(
                feed.Key,
                $"{feed.Count()}",
                $"{feed.Count() - active.Count}",
                $"{active.Count(row => row.ProvenAt is null)}",
                days.Count == 0 ? ""
                    : days.Min(StringComparer.Ordinal) == days.Max(StringComparer.Ordinal) ? days[0]
                    : $"{days.Min(StringComparer.Ordinal)} to {days.Max(StringComparer.Ordinal)}",
                RunText.Time(active.Min(row => row.ProvenAt))
            );
        }

        return table;
    }
}
