using System.CommandLine;
using System.Text.Json;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Operations;
using CubeFunctions.Local.Operations;

namespace CubeFunctions.Local.Commands;

/// <summary><c>runs</c>: lists runs, shows one with its items, starts or cancels one.</summary>
internal static class RunsCommand
{
    private const int MostDays = 31;
    private static readonly Argument<string?> Shown = new("run")
    {
        Description = "One run, with its items; all of the last days where it is left out.",
        DefaultValueFactory = _ => null,
    };
    private static readonly Argument<string> Cancelled = new("run") { Description = "The run." };
    private static readonly Option<int> RecentDays = new("--days")
    {
        Description = $"How many days back, up to {MostDays}.",
        DefaultValueFactory = _ => 2,
    };
    private static readonly Option<string> Kind = new("--kind")
    {
        Description = $"{RunKind.Scheduled}: feeds with days; {RunKind.Snapshot}: feeds that are read whole.",
        DefaultValueFactory = _ => nameof(RunKind.Scheduled),
    };
    private static readonly Option<bool> All = new("--all") { Description = "A line for each item." };
    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON." };

    public static Command Create()
    {
        var cancel = new Command("cancel", "Cancel a run: what waits ends at once, what is being read with its next page.")
        {
            Cancelled,
            Json,
            OperationsOption.App,
        };
        cancel.SetAction((parsed, cancellationToken) => OperationsText.RunAsync(parsed, Json, CancelAsync, cancellationToken));
        var start = new Command("start", "Start a run as its timer does, and follow it to its end.")
        {
            Kind,
            All,
            Json,
            OperationsOption.App,
        };
        start.SetAction(
            (parsed, cancellationToken) =>
                CommandLine.RunAsync(
                    parsed,
                    Json,
                    token =>
                        BackfillCommand.RunAsync(
                            parsed,
                            new RunOrder { Kind = parsed.GetValue(Kind) },
                            parsed.GetValue(Json),
                            parsed.GetValue(All),
                            token
                        ),
                    cancellationToken,
                    "Stopped; the next sync, dev or work goes on from here."
                )
        );
        var command = new Command("runs", "List runs, newest first, or show one with its items.")
        {
            Shown,
            RecentDays,
            All,
            Json,
            OperationsOption.App,
            cancel,
            start,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                OperationsText.RunAsync(
                    parsed,
                    Json,
                    parsed.GetValue(Shown) is { } id ? (operations, line, token) => ShowAsync(operations, line, id, token) : ListAsync,
                    cancellationToken
                )
        );
        return command;
    }

    private static async Task ListAsync(IOperations operations, ParseResult parsed, CancellationToken cancellationToken)
    {
        var days = parsed.GetValue(RecentDays);
        var runs = await operations.ListRunsAsync(days, cancellationToken);
        if (parsed.GetValue(Json))
        {
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(runs, OperationsText.Json.IReadOnlyListRunView));
        }
        else
        {
            RunText.Print(runs, days);
        }
    }

    private static async Task ShowAsync(IOperations operations, ParseResult parsed, string id, CancellationToken cancellationToken)
    {
        var run = await operations.ReadRunAsync(id, cancellationToken);
        if (parsed.GetValue(Json))
        {
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(run, OperationsText.Json.RunDetail));
        }
        else
        {
            RunText.Print(run, parsed.GetValue(All));
        }
    }

    private static async Task CancelAsync(IOperations operations, ParseResult parsed, CancellationToken cancellationToken)
    {
        var run = await operations.CancelRunAsync(parsed.GetValue(Cancelled)!, cancellationToken);
        await Console.Out.WriteLineAsync(
            parsed.GetValue(Json) ? JsonSerializer.Serialize(run, OperationsText.Json.RunView)
            : run.CompletedAt is null ? $"Run {run.RunId} is being cancelled: what is being read ends with its next page."
            : $"Run {run.RunId} is cancelled."
        );
    }
}
