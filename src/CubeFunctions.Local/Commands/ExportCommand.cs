using System.CommandLine;
using CubeFunctions.Core.Model;
using CubeFunctions.Local.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Commands;

/// <summary><c>export</c>: the newest proven reading of everything, as files with readable names.</summary>
internal static class ExportCommand
{
    private static readonly Option<string[]> Feeds = new("--feed") { Description = $"Only this feed; may be repeated. {FeedCatalogue.NamesLine}" };
    private static readonly Option<string> To = new("--to") { Description = "The folder; it is made where it is missing.", DefaultValueFactory = _ => "cube-export" };

    public static Command Create()
    {
        var command = new Command("export", "Copy the pages of the newest proven windows into a folder.") { Feeds, To };
        command.SetAction((parsed, cancellationToken) =>
            CommandLine.RunAsync(token => RunAsync(parsed.GetValue(Feeds) ?? [], parsed.GetValue(To)!, token), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string[] names, string folder, CancellationToken cancellationToken)
    {
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
        var report = await ActivatorUtilities.CreateInstance<Exporter>(app.Services)
            .RunAsync(names.Select(name => FeedCatalogue.Find(name)!.Name).ToHashSet(StringComparer.Ordinal), folder, Console.Error.WriteLine, cancellationToken);
        foreach (var feed in report.Windows.GroupBy(window => window.Feed))
        {
            await Console.Out.WriteLineAsync($"{feed.Key}: {feed.Count()} windows, {feed.Sum(window => window.Files.Count)} pages, {feed.Sum(window => window.Records)} records");
        }

        if (report.Windows.Count == 0)
        {
            await Console.Error.WriteLineAsync($"There is no proven window{(names.Length > 0 ? " of these feeds" : "")} yet: '{Invocation.Of("sync")}' reads them.");
            return CommandLine.Failed;
        }

        await Console.Out.WriteLineAsync($"{Path.GetFullPath(folder)}: {Exporter.IndexName} lists the files, newest reading first. They hold personal data.");
        return report.Missing == 0 ? 0 : CommandLine.Failed;
    }
}
