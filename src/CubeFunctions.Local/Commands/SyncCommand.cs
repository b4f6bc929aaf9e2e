using System.CommandLine;
using System.Text.Json;
using CubeFunctions.Core;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Sync;
using CubeFunctions.Local.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Commands;

/// <summary><c>sync</c>: one run in the foreground.</summary>
internal static class SyncCommand
{
    private static readonly Option<string[]> Campaigns = new("--campaign") { Description = "Only this campaign, by its id; may be repeated." };
    private static readonly Option<string[]> Assignments = new("--assignment") { Description = "Only this assignment, by its id; may be repeated." };
    private static readonly Option<string[]> Feeds = new("--feed") { Description = $"Only this feed; may be repeated. {FeedCatalogue.NamesLine}" };
    private static readonly Option<string> From = new("--from") { Description = "First day, yyyy-MM-dd." };
    private static readonly Option<string> To = new("--to") { Description = "Last day, yyyy-MM-dd." };
    private static readonly Option<bool> Deliver = new("--deliver") { Description = "Deliver the changes of chosen feeds, scopes or dates to Changes__Crm__Url too." };
    private static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object on standard output, everything else on standard error." };

    public static Command Create()
    {
        var command = new Command("sync", "Pull every feed of every active campaign out of Cube, in one run.") { Campaigns, Assignments, Feeds, From, To, Deliver, Json };
        command.SetAction((parsed, cancellationToken) => CommandLine.RunAsync(token => RunAsync(parsed, token), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var json = parsed.GetValue(Json);
        var (chosen, faults) = Choices(parsed);
        using var output = new SyncConsole(json);
        CheckSettings(faults);
        await using var app = await LocalApp.StartAsync(needsCube: true, output.Say, LogLevel.Warning, cancellationToken);
        var settings = app.Services.GetRequiredService<AppSettings>();
        var request = chosen.Manual
            ? new RunRequest(RunKind.Manual, chosen.Feeds.Count > 0 ? chosen.Feeds : settings.Sync.Feeds)
            {
                Campaigns = chosen.Campaigns,
                Assignments = chosen.Assignments,
                From = chosen.From ?? (chosen.To is null ? null : settings.Sync.StartDate),
                To = chosen.To,
                Deliver = parsed.GetValue(Deliver),
            }
            : new RunRequest(RunKind.Scheduled, settings.Sync.Feeds);

        var run = await new ForegroundRun(app, output).RunAsync(request, finishOthers: !chosen.Manual, cancellationToken);
        if (json)
        {
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(SyncReport.Of(run), SyncReportJson.Default.SyncReport));
        }
        else
        {
            output.Table(run, app.DataPlace);
        }

        return run.Status is RunStatus.Succeeded ? 0 : 1;

        void CheckSettings(List<string> wrong)
        {
            try
            {
                LocalEnvironment.CheckBeforeStart(LocalSettings.Read(), needsCube: true);
            }
            catch (SettingsException exception)
            {
                wrong.AddRange(exception.Faults);
            }

            if (wrong.Count > 0)
            {
                throw new SettingsException(wrong);
            }
        }
    }

    private static (Choice Chosen, List<string> Faults) Choices(ParseResult parsed)
    {
        var faults = new List<string>();
        DateOnly? Day(Option<string> option)
        {
            if (parsed.GetValue(option) is not { } text)
            {
                return null;
            }

            if (Days.TryParse(text, out var day))
            {
                return day;
            }

            faults.Add($"{option.Name}: '{text}' is not a date (yyyy-MM-dd)");
            return null;
        }

        var feeds = new List<Feed>();
        foreach (var name in parsed.GetValue(Feeds) ?? [])
        {
            if (FeedCatalogue.Find(name) is { } feed)
            {
                feeds.Add(feed);
            }
            else
            {
                faults.Add($"{Feeds.Name}: '{name}' is not a feed; known are {FeedCatalogue.NamesLine}");
            }
        }

        var chosen = new Choice(parsed.GetValue(Campaigns) ?? [], parsed.GetValue(Assignments) ?? [], feeds, Day(From), Day(To));
        if (chosen is { From: { } from, To: { } to } && to < from)
        {
            faults.Add($"{To.Name}: {to.Iso()} is before {From.Name} {from.Iso()}");
        }

        return (chosen, faults);
    }

    private sealed record Choice(IReadOnlyList<string> Campaigns, IReadOnlyList<string> Assignments, IReadOnlyList<Feed> Feeds, DateOnly? From, DateOnly? To)
    {
        public bool Manual => Campaigns.Count + Assignments.Count + Feeds.Count > 0 || From is not null || To is not null;
    }
}
