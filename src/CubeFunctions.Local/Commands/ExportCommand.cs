using System.CommandLine;
using CubeFunctions.Core.Model;
using CubeFunctions.Local.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Commands;

/// <summary><c>export</c>: the newest proven reading of everything, as files with readable names.</summary>
internal static class ExportCommand
{
    private static readonly Option<string[]> Feeds = new("--feed")
    {
        Description = $"Only this feed; may be repeated. {FeedCatalogue.NamesLine}",
    };
    private static readonly Option<string> To = new("--to")
    {
        Description = "The folder; it is made where it is missing.",
        DefaultValueFactory = _ => "cube-export",
    };

    private static readonly Option<bool> Changes = new("--changes")
    {
        Description =
            "In place of pages the change lines of each feed and scope, in order, with baselines expanded from their pages: applied to an empty store they give the whole state.",
    };

    public static Command Create()
    {
        var command = new Command("export", "Copy the pages of the newest proven windows into a folder, or the changes.")
        {
            Feeds,
            To,
            Changes,
        };
        command.SetAction((parsed, cancellationToken) => CommandLine.RunAsync(token => RunAsync(parsed, token), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (names, folder) = (parsed.GetValue(Feeds) ?? [], parsed.GetValue(To)!);
        var unknown = names.Where(name => FeedCatalogue.Find(name) is null).ToList();
        foreach (var name in unknown)
        {
            await Console.Error.WriteLineAsync($"{Feeds.Name}: '{name}' is not a feed; known are {FeedCatalogue.NamesLine}");
        }

        if (unknown.Count > 0)
        {
            return CommandLine.WrongUsage;
        }

        await using var app = await LocalApp.StartAsync(needsCube: false, Console.Error.WriteLine, LogLevel.Warning, cancellationToken);
        return parsed.GetValue(Changes)
            ? await ExportChangesAsync(app, names, folder, cancellationToken)
            : await ExportPagesAsync(app, names, folder, cancellationToken);
    }

    private static async Task<int> ExportChangesAsync(LocalApp app, string[] names, string folder, CancellationToken cancellationToken)
    {
        var report = await ActivatorUtilities
            .CreateInstance<ChangeExporter>(app.Services)
            .RunAsync(names.ToHashSet(StringComparer.Ordinal), folder, Console.Error.WriteLine, cancellationToken);
        foreach (var (name, lines) in report.Files)
        {
            await Console.Out.WriteLineAsync($"{name}: {lines} lines");
        }

        if (report.Files.Count == 0)
        {
            await Console.Error.WriteLineAsync(
                $"There are no changes{(names.Length > 0 ? " of these feeds" : "")} yet: '{Invocation.Of("sync")}' finds them."
            );
            return CommandLine.Failed;
        }

        await Console.Out.WriteLineAsync($"{Path.GetFullPath(folder)}: drop lines whose id came before. They hold personal data.");
        return report.Missing == 0 ? 0 : CommandLine.Failed;
    }

    private static async Task<int> ExportPagesAsync(LocalApp app, string[] names, string folder, CancellationToken cancellationToken)
    {
        var report = await ActivatorUtilities
            .CreateInstance<Exporter>(app.Services)
            .RunAsync(
                names.Select(name => FeedCatalogue.Find(name)!.Name).ToHashSet(StringComparer.Ordinal),
                folder,
                Console.Error.WriteLine,
                cancellationToken
            );
        foreach (var feed in report.Windows.GroupBy(window => window.Feed))
        {
            await Console.Out.WriteLineAsync(
                $"{feed.Key}: {feed.Count()} windows, {feed.Sum(window => window.Files.Count)} pages, {feed.Sum(window => window.Records)} records"
            );
        }

        if (report.Windows.Count == 0)
        {
            await Console.Error.WriteLineAsync(
                $"There is no proven window{(names.Length > 0 ? " of these feeds" : "")} yet: '{Invocation.Of("sync")}' reads them."
            );
            return CommandLine.Failed;
        }

        await Console.Out.WriteLineAsync(
            $"{Path.GetFullPath(folder)}: {Exporter.IndexName} lists the files, newest reading first. They hold personal data."
        );
        return report.Missing == 0 ? 0 : CommandLine.Failed;
    }
}
