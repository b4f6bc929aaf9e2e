using System.Globalization;
using Spectre.Console;

namespace CubeFunctions.Local.Commands;

/// <summary>The status in words: a line a feed and a reason, however many scopes there are; a line each on request.</summary>
internal static class StatusText
{
    private const int ShownScopes = 5;

    public static void Print(StatusReport report, bool all)
    {
        SyncConsole.NeverWrap(AnsiConsole.Console);
        AnsiConsole.Write(all ? Each(report.Checkpoints) : Counts(report.Checkpoints));
        AnsiConsole.Write(Runs(report.Runs));
        foreach (var group in report.Failures.GroupBy(failure => (failure.RunId, failure.Feed, failure.Reason)))
        {
            var scopes = group.Select(failure => $"{failure.Scope} {failure.ScopeId}").ToList();
            var shown = all ? scopes.Count : ShownScopes;
            var more = scopes.Count > shown ? $" and {scopes.Count - shown} more" : "";
            Line($"[red]failed[/] {group.Key.Feed} of {string.Join(", ", scopes.Take(shown))}{more} in run {group.Key.RunId}: {group.Key.Reason}");
        }

        Line($"Upserts: {report.Upserts.Waiting} waiting, {report.Upserts.Dead} dead");
        foreach (var upsert in report.Upserts.Oldest)
        {
            Line($"{upsert.State} {upsert.Id} of {upsert.Sender}: {upsert.Reason ?? "on its way"}");
        }

        Line($"Changes for the CRM: {report.Changes.Waiting} waiting, {report.Changes.Dead} dead{report.Changes.Pause}");
        foreach (var delivery in report.Changes.Oldest)
        {
            Line($"{delivery.State} {delivery.Id} of {delivery.Feed}, {delivery.Changes} changes: {delivery.Reason ?? "on its way"}");
        }
    }

    private static void Line(FormattableString line) => AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, line);

    private static Table Each(IReadOnlyList<StatusCheckpoint> checkpoints)
    {
        var table = NewTable("Checkpoints", "scope", "feed", "proven through", "last proven", "retired");
        foreach (var row in checkpoints)
        {
            table.AddRow(Markup.Escape($"{row.Scope} {row.ScopeId}"), row.Feed, row.Through ?? "", Text(row.ProvenAt), row.Retired ?? "");
        }

        return table;
    }

    private static Table Counts(IReadOnlyList<StatusCheckpoint> checkpoints)
    {
        var table = NewTable("Checkpoints (--all: a line a scope)", "feed", "scopes", "retired", "never proven", "proven through", "longest ago proven");
        foreach (var feed in checkpoints.GroupBy(row => row.Feed).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var active = feed.Where(row => row.Retired is null).ToList();
            var days = active.Select(row => row.Through).OfType<string>().ToList();
            table.AddRow(
                feed.Key, $"{feed.Count()}", $"{feed.Count() - active.Count}", $"{active.Count(row => row.ProvenAt is null)}",
                days.Count == 0 ? "" : days.Min(StringComparer.Ordinal) == days.Max(StringComparer.Ordinal) ? days[0] : $"{days.Min(StringComparer.Ordinal)} to {days.Max(StringComparer.Ordinal)}",
                Text(active.Min(row => row.ProvenAt)));
        }

        return table;
    }

    private static Table Runs(IReadOnlyList<StatusRun> runs)
    {
        var table = NewTable($"Runs of the last {StatusCommand.RecentDays} days", "run", "kind", "status", "items", "failed", "unproven", "records");
        foreach (var run in runs)
        {
            table.AddRow(run.RunId, run.Kind, run.Status, $"{run.Items}", $"{run.Failed}", $"{run.Unproven}", $"{run.Records}");
        }

        return table;
    }

    private static Table NewTable(string title, params string[] columns) => new Table().Border(TableBorder.Rounded).Title(title).AddColumns(columns);

    private static string Text(DateTimeOffset? time) => time?.ToString("u", CultureInfo.InvariantCulture) ?? "never";
}
