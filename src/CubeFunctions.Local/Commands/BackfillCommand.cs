using System.CommandLine;
using System.Text.Json;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Operations;
using CubeFunctions.Local.Operations;

namespace CubeFunctions.Local.Commands;

/// <summary><c>backfill</c>: a manual run of chosen scopes, feeds or days, followed to its end.</summary>
internal static class BackfillCommand
{
    private static readonly Option<string[]> Campaigns = new(SyncCommand.CampaignName)
    {
        Description = "Only this campaign, by its id; may be repeated.",
    };
    private static readonly Option<string[]> Assignments = new(SyncCommand.AssignmentName)
    {
        Description = "Only this assignment, by its id; may be repeated.",
    };
    private static readonly Option<string[]> Feeds = new("--feed")
    {
        Description = $"Only this feed; may be repeated. {FeedCatalogue.NamesLine}",
    };
    private static readonly Option<string> From = new(SyncCommand.FromName) { Description = "First day, yyyy-MM-dd." };
    private static readonly Option<string> To = new(SyncCommand.ToName) { Description = "Last day, yyyy-MM-dd." };
    private static readonly Option<bool> Deliver = new("--deliver") { Description = "Deliver the changes to Changes__Crm__Url too." };
    private static readonly Option<bool> All = new("--all") { Description = "A line for each scope." };
    private static readonly Option<bool> Json = new("--json")
    {
        Description = "Print one JSON object on standard output, everything else on standard error.",
    };

    public static Command Create()
    {
        var command = new Command("backfill", "Read chosen campaigns, assignments, feeds or days again. Moves no checkpoint.")
        {
            Campaigns,
            Assignments,
            Feeds,
            From,
            To,
            Deliver,
            All,
            Json,
            OperationsOption.App,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                CommandLine.RunAsync(
                    token => RunAsync(parsed, token),
                    parsed.GetValue(Json) ? failure => failure.ToJson() : null,
                    cancellationToken,
                    "Stopped; the next sync, dev or work goes on from here."
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var order = new RunOrder
        {
            Kind = nameof(RunKind.Manual),
            Campaigns = Distinct(parsed.GetValue(Campaigns)),
            Assignments = Distinct(parsed.GetValue(Assignments)),
            Feeds = Distinct(parsed.GetValue(Feeds)),
            From = parsed.GetValue(From),
            To = parsed.GetValue(To),
            Deliver = parsed.GetValue(Deliver),
        };
        return await RunAsync(parsed, order, parsed.GetValue(Json), parsed.GetValue(All), cancellationToken);
    }

    /// <summary>Starts a run, follows it to its end, and says how it ended.</summary>
    public static async Task<int> RunAsync(ParseResult parsed, RunOrder order, bool json, bool all, CancellationToken cancellationToken)
    {
        await using var operations = await OperationsOption.OpenAsync(parsed, needsCube: true, cancellationToken);

        // Notes on standard error: what is left on standard output is the same wherever the run was worked on.
        using var output = new SyncConsole(json: true);
        var run = await operations.RunAsync(order, output, cancellationToken);
        if (json)
        {
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(run, OperationsText.Json.RunDetail));
        }
        else
        {
            RunText.Print(run, all);
        }

        return run.Run.Status == nameof(RunStatus.Succeeded) ? 0 : CommandLine.Failed;
    }

    private static string[]? Distinct(string[]? values) => values is { Length: > 0 } ? [.. values.Distinct(StringComparer.Ordinal)] : null;
}
