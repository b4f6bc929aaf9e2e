using System.CommandLine;
using System.Text.Json;
using CubeFunctions.Core;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Local.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Commands;

/// <summary><c>sync</c>: one run in the foreground.</summary>
internal static class SyncCommand
{
    public const string CampaignName = "--campaign";
    public const string AssignmentName = "--assignment";
    public const string FromName = "--from";
    public const string ToName = "--to";

    private static readonly Option<string[]> Campaigns = new(CampaignName)
    {
        Description = "Only this campaign, by its id; may be repeated.",
    };
    private static readonly Option<string[]> Assignments = new(AssignmentName)
    {
        Description = "Only this assignment, by its id; may be repeated.",
    };
    private static readonly Option<string[]> Feeds = new("--feed")
    {
        Description = $"Only this feed; may be repeated. {FeedCatalogue.NamesLine}",
    };
    private static readonly Option<string> From = new(FromName) { Description = "First day, yyyy-MM-dd." };
    private static readonly Option<string> To = new(ToName) { Description = "Last day, yyyy-MM-dd." };
    private static readonly Option<bool> Deliver = new("--deliver")
    {
        Description = "Deliver the changes of chosen feeds, scopes or dates to Changes__Crm__Url too.",
    };
    private static readonly Option<bool> Json = new("--json")
    {
        Description = "Print one JSON object on standard output, everything else on standard error.",
    };

    public static Command Create()
    {
        var command = new Command("sync", "Pull every feed of every active campaign out of Cube, in one run.")
        {
            Campaigns,
            Assignments,
            Feeds,
            From,
            To,
            Deliver,
            Json,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
            {
                var progress = new ForegroundProgress();
                return CommandLine.RunAsync(
                    token => RunAsync(parsed, progress, token),
                    parsed.GetValue(Json)
                        ? failure => JsonSerializer.Serialize(SyncReport.Of(failure, progress), SyncReportJson.Default.SyncReport)
                        : null,
                    cancellationToken,
                    "Stopped; the next sync goes on from here."
                );
            }
        );
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, ForegroundProgress progress, CancellationToken cancellationToken)
    {
        var json = parsed.GetValue(Json);
        var (chosen, faults) = Choices(parsed);
        using var output = new SyncConsole(json);
        CheckSettings(faults);
        await using var app = await LocalApp.StartAsync(needsCube: true, output.Say, LogLevel.Warning, cancellationToken);
        var settings = app.Services.GetRequiredService<AppSettings>();
        var request = chosen.ToRequest(settings, parsed.GetValue(Deliver), app.Services.GetRequiredService<TimeProvider>());
        await chosen.CheckAsync(app.Services.GetRequiredService<CampaignListing>(), cancellationToken);

        var run = await new ForegroundRun(app, output, progress).RunAsync(request, finishOthers: !chosen.IsManual, cancellationToken);
        var notices = SyncReport.NoticesOf(run);
        if (json)
        {
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(SyncReport.Of(run, notices), SyncReportJson.Default.SyncReport));
        }
        else
        {
            output.Table(run);
        }

        // Who reads the object is a program, and needs no page to look at.
        output.Place(
            app.DataPlace,
            json ? null : await FirstPageAsync(app.Services.GetRequiredService<RawStore>(), run, cancellationToken),
            notices
        );
        return run.Status is RunStatus.Succeeded && !SyncReport.IsListingEmpty(run) ? 0 : CommandLine.Failed;

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

    /// <summary>A page of the run to look at: of the feed that people look for first, where it has one.</summary>
    private static async Task<string?> FirstPageAsync(RawStore raw, RunManifest run, CancellationToken cancellationToken)
    {
        var window = run
            .Windows.Where(window => window.Records > 0)
            .OrderBy(window => window.Feed != FeedCatalogue.Responses.Name)
            .ThenBy(window => window.Feed == FeedCatalogue.Campaigns.Name)
            .ThenByDescending(window => window.Records)
            .FirstOrDefault();
        return window is not null && await raw.FindManifestAsync(window.Manifest, cancellationToken) is { Pages: [var first, ..] }
            ? $"{StorageNames.Raw}/{window.Manifest[..^BlobPaths.ManifestName.Length]}{first.Name}"
            : null;
    }

    private static (SyncChoice Chosen, List<string> Faults) Choices(ParseResult parsed)
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
        foreach (var name in (parsed.GetValue(Feeds) ?? []).Distinct(StringComparer.Ordinal))
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

        var chosen = new SyncChoice(
            [.. (parsed.GetValue(Campaigns) ?? []).Distinct(StringComparer.Ordinal)],
            [.. (parsed.GetValue(Assignments) ?? []).Distinct(StringComparer.Ordinal)],
            feeds,
            Day(From),
            Day(To)
        );
        if (chosen is { From: { } from, To: { } to } && to < from)
        {
            faults.Add($"{To.Name}: {to.Iso()} is before {From.Name} {from.Iso()}");
        }

        return (chosen, faults);
    }
}
