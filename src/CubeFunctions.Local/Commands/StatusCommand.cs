using System.CommandLine;
using System.Text.Json;
using CubeFunctions.Local.Operations;

namespace CubeFunctions.Local.Commands;

/// <summary><c>status</c>: checkpoints, runs, dead letters.</summary>
internal static class StatusCommand
{
    /// <summary>The days whose runs are shown.</summary>
    public const int RecentDays = 2;
    private static readonly Option<bool> All = new("--all") { Description = "A line for each scope and feed, and for each failure." };
    private static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object." };

    public static Command Create()
    {
        var command = new Command("status", "Show checkpoints, recent runs and what failed.") { All, Json, OperationsOption.App };
        command.SetAction((parsed, cancellationToken) => OperationsText.RunAsync(parsed, Json, PrintAsync, cancellationToken));
        return command;
    }

    private static async Task PrintAsync(IOperations operations, ParseResult parsed, CancellationToken cancellationToken)
    {
        var status = await operations.ReadStatusAsync(cancellationToken);
        if (parsed.GetValue(Json))
        {
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(StatusReport.From(status), StatusJson.Default.StatusReport));
        }
        else
        {
            StatusText.Print(status, parsed.GetValue(All), TimeProvider.System.GetUtcNow());
        }
    }
}
