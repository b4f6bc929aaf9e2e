using System.Globalization;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Operations;
using Spectre.Console;

namespace CubeFunctions.Local.Commands;

/// <summary>Runs in words.</summary>
internal static class RunText
{
    private const int ShownScopes = 5;

    /// <summary>A list of runs.</summary>
    public static Table TableOf(IReadOnlyList<RunView> runs, string title)
    {
        var table = NewTable(title, "run", "kind", "status", "started", "items", "failed", "unproven", "records");
        foreach (var run in runs)
        {
            table.AddRow(
                run.RunId,
                run.Kind,
                run.Status,
                Time(run.StartedAt),
                $"{run.Items}",
                $"{run.Failed}",
                $"{run.Unproven}",
                $"{run.Records}"
            );
        }

        return table;
    }

    public static void Print(IReadOnlyList<RunView> runs, int days)
    {
        SyncConsole.NeverWrap(AnsiConsole.Console);
        AnsiConsole.Write(TableOf(runs, days == 1 ? "Runs of the last day" : $"Runs of the last {days} days"));
    }

    /// <summary>One run: counts by feed, and what did not succeed with its reasons; each item on request.</summary>
    public static void Print(RunDetail detail, bool all)
    {
        SyncConsole.NeverWrap(AnsiConsole.Console);
        AnsiConsole.Write(all ? Each(detail) : Counts(detail));
        var run = detail.Run;
        var days = (detail.From, detail.To) switch
        {
            (null, null) => "",
            (var from, null) => $" from {from}",
            (null, var to) => $" to {to}",
            var (from, to) => $" {from} to {to}",
        };
        Line(
            $"Run {run.RunId}, {run.Kind}{days}: [bold]{run.Status}[/]; {run.Items} items ({run.Succeeded} succeeded, {run.Failed} failed, {run.Unproven} unproven), {run.Pages} pages, {run.Records} records, {run.Bytes} bytes"
        );
        foreach (var state in (string[])[nameof(ItemState.Failed), nameof(ItemState.Unproven), nameof(ItemState.InHand)])
        {
            PrintReasons(
                state,
                detail
                    .Items.Where(item => item.State == state)
                    .Select(item => (item.Feed, $"{item.Scope} {item.ScopeId}", item.Reason ?? "unknown")),
                "",
                all
            );
        }
    }

    /// <summary>A line for each feed and reason, however many scopes have it.</summary>
    public static void PrintReasons(string state, IEnumerable<(string Feed, string Scope, string Reason)> items, string where, bool all)
    {
        foreach (var group in items.GroupBy(item => (item.Feed, item.Reason)))
        {
            var scopes = group.Select(item => item.Scope).ToList();
            var shown = all ? scopes.Count : ShownScopes;
            var more = scopes.Count > shown ? $" and {scopes.Count - shown} more" : "";
            Line($"[red]{Word(state)}[/] {group.Key.Feed} of {string.Join(", ", scopes.Take(shown))}{more}{where}: {group.Key.Reason}");
        }
    }

    public static Table NewTable(string title, params string[] columns) =>
        new Table().Border(TableBorder.Rounded).Title(title).AddColumns(columns);

    public static void Line(FormattableString line) => AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, line);

    public static string Time(DateTimeOffset? time) => time?.ToString("u", CultureInfo.InvariantCulture) ?? "never";

    private static Table Each(RunDetail detail)
    {
        var table = NewTable("Items", "feed", "scope", "state", "ended");
        foreach (var item in detail.Items)
        {
            table.AddRow(
                item.Feed,
                Markup.Escape($"{item.Scope} {item.ScopeId}"),
                Word(item.State),
                item.CompletedAt is null ? "" : Time(item.CompletedAt)
            );
        }

        return table;
    }

    private static Table Counts(RunDetail detail)
    {
        string[] states = [.. Enum.GetNames<ItemState>().Where(state => detail.Items.Any(item => item.State == state))];
        var table = NewTable("Items", ["feed", .. states.Select(Word)]);
        foreach (var feed in detail.Items.GroupBy(item => item.Feed).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            table.AddRow([feed.Key, .. states.Select(state => $"{feed.Count(item => item.State == state)}")]);
        }

        return table;
    }

    private static string Word(string state) => state == nameof(ItemState.InHand) ? "in hand of another run" : state.ToLowerInvariant();
}
