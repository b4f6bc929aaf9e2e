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
    private static readonly Option<bool> Deliver = new("--deliver")
    {
        Description = "Deliver the changes of chosen feeds, scopes or dates to Changes__Crm__Url too.",
    };

    public static Command Create()
    {
        var command = new Command("sync", "Pull every feed of every active campaign out of Cube, in one run.")
        {
            RunOptions.Campaigns,
            RunOptions.Assignments,
            RunOptions.Feeds,
            RunOptions.From,
            RunOptions.To,
            Deliver,
            RunOptions.Json,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
            {
                var progress = new ForegroundProgress();
                return CommandLine.RunAsync(
                    token => RunAsync(parsed, progress, token),
                    parsed.GetValue(RunOptions.Json)
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
        var json = parsed.GetValue(RunOptions.Json);
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
        foreach (var name in (parsed.GetValue(RunOptions.Feeds) ?? []).Distinct(StringComparer.Ordinal))
        {
            if (FeedCatalogue.Find(name) is { } feed)
            {
                feeds.Add(feed);
            }
            else
            {
                faults.Add($"{RunOptions.Feeds.Name}: '{name}' is not a feed; known are {FeedCatalogue.NamesLine}");
            }
        }

        var chosen = new SyncChoice(
            [.. (parsed.GetValue(RunOptions.Campaigns) ?? []).Distinct(StringComparer.Ordinal)],
            [.. (parsed.GetValue(RunOptions.Assignments) ?? []).Distinct(StringComparer.Ordinal)],
            feeds,
            Day(RunOptions.From),
            Day(RunOptions.To)
        );
        if (chosen is { From: { } from, To: { } to } && to < from)
        {
            faults.Add($"{RunOptions.To.Name}: {to.Iso()} is before {RunOptions.From.Name} {from.Iso()}");
        }

        return (chosen, faults);
    }
}
