using System.Globalization;
using CubeFunctions.Core.Operations.Probing;
using Spectre.Console;

namespace CubeFunctions.Local.Commands;

/// <summary>A probe's report in words.</summary>
internal static class ProbeText
{
    public static void Print(ProbeReport report)
    {
        SyncConsole.NeverWrap(AnsiConsole.Console);
        if (report.Listing is { } listing)
        {
            Line($"{report.BaseUrl}: generation {report.Api ?? "unknown"}, {report.User} user ({report.Credential})");
            Line(
                $"{listing.Campaigns} campaigns and {listing.Scopes} of kind {listing.ScopeKind} at {listing.Path}, by {string.Join(", ", listing.Members)}; {listing.Archived} archived"
            );
            AnsiConsole.Write(Feeds(report.Feeds));
            foreach (var feed in report.Feeds.Where(static feed => feed.Members.Count > 0).DistinctBy(static feed => feed.Feed))
            {
                Line($"{feed.Feed}: recognised by {string.Join(", ", feed.Members)}");
            }
        }

        Line($"Customers: writes {report.Writes}; one is asked for by the {report.CustomerIdInUrl ?? "(unknown)"} id");
        Line($"Clock: {Clock(report.ClockAheadSeconds)}. Proxy: {report.Proxy ?? "none"}. Certificate: {Text(report.Certificate)}");
        Line(
            $"{report.Requests} requests in {report.Milliseconds / 1000.0:0.0} s{(report.MedianMilliseconds is { } median ? $", {median} ms each" : "")}"
        );
        if (report.FirstSync is { } first)
        {
            Line(
                $"A first run, from {first.From}, takes about {first.Requests} requests for {first.Records} records, and {first.Seconds} s in one process"
            );
        }

        if (report.Listing is not null)
        {
            Line($"Settings that fit, beside the credential:");
            foreach (var (name, value) in report.Settings)
            {
                Line($"  {name}={value}");
            }
        }

        foreach (var finding in report.Findings)
        {
            Line($"{finding.Severity}: {finding.Text}");
        }
    }

    private static Table Feeds(IReadOnlyList<ProbeFeed> feeds)
    {
        var table = new Table { Title = new TableTitle("Feeds, each in single scopes") };
        foreach (var name in new[] { "feed", "scope", "answer", "records", "page size", "ms" })
        {
            table.AddColumn(name);
        }

        foreach (var feed in feeds)
        {
            table.AddRow(
                Markup.Escape(feed.Feed),
                Markup.Escape($"{feed.Scope} {feed.ScopeId}"),
                feed.Answer,
                Text(feed.Count),
                feed.PageSize is null && feed.FirstPage is not null ? "one page" : Text(feed.PageSize),
                Text(feed.Milliseconds)
            );
        }

        return table;
    }

    private static string Clock(int? ahead) =>
        ahead switch
        {
            null => "unknown",
            0 => "Cube's is right",
            > 0 => $"Cube's is {ahead} s ahead",
            _ => $"Cube's is {-ahead} s behind",
        };

    private static string Text(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Text(ProbeCertificate? certificate) =>
        certificate is null ? "none" : $"{certificate.Subject} by {certificate.Issuer}, until {certificate.ValidUntil:yyyy-MM-dd}";

    private static void Line(FormattableString line) => AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, line);
}
