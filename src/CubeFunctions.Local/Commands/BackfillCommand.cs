using System.CommandLine;
using System.Text.Json;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Operations;
using CubeFunctions.Local.Operations;

namespace CubeFunctions.Local.Commands;

/// <summary><c>backfill</c>: a manual run of chosen scopes, feeds or days, followed to its end.</summary>
internal static class BackfillCommand
{
    private static readonly Option<bool> Deliver = new("--deliver") { Description = "Deliver the changes to Changes__Crm__Url too." };
    private static readonly Option<bool> All = new("--all") { Description = "A line for each scope." };

    public static Command Create()
    {
        var command = new Command("backfill", "Read chosen campaigns, assignments, feeds or days again. Moves no checkpoint.")
        {
            RunOptions.Campaigns,
            RunOptions.Assignments,
            RunOptions.Feeds,
            RunOptions.From,
            RunOptions.To,
            Deliver,
            All,
            RunOptions.Json,
            OperationsOption.App,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                CommandLine.RunAsync(
                    parsed,
                    RunOptions.Json,
                    token => RunAsync(parsed, token),
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
            Campaigns = Distinct(parsed.GetValue(RunOptions.Campaigns)),
            Assignments = Distinct(parsed.GetValue(RunOptions.Assignments)),
            Feeds = Distinct(parsed.GetValue(RunOptions.Feeds)),
            From = parsed.GetValue(RunOptions.From),
            To = parsed.GetValue(RunOptions.To),
            Deliver = parsed.GetValue(Deliver),
        };
        return await RunAsync(parsed, order, parsed.GetValue(RunOptions.Json), parsed.GetValue(All), cancellationToken);
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
