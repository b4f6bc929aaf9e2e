using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CubeFunctions.Core.Operations;
using CubeFunctions.Local.Operations;

namespace CubeFunctions.Local.Commands;

/// <summary><c>gaps</c>: lists days and lists that give fewer records than Cube counts, accepts one.</summary>
internal static class GapsCommand
{
    private static readonly Argument<string> Gap = new("id") { Description = "Its id, as 'gaps' shows it." };
    private static readonly Option<string> By = new("--by")
    {
        Description = "Who accepts it; shown with the gap.",
        DefaultValueFactory = _ => Environment.UserName,
    };
    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON." };

    public static Command Create()
    {
        var accept = new Command("accept", "Accept a gap that will never be whole: a day is read no more, a list is read on.")
        {
            Gap,
            By,
            OperationsOption.App,
        };
        accept.SetAction((parsed, cancellationToken) => OperationsText.RunAsync(parsed, null, AcceptAsync, cancellationToken));
        var command = new Command("gaps", "List days and lists that give fewer records than Cube counts.")
        {
            Json,
            OperationsOption.App,
            accept,
        };
        command.SetAction((parsed, cancellationToken) => OperationsText.RunAsync(parsed, Json, ListAsync, cancellationToken));
        return command;
    }

    private static async Task ListAsync(IOperations operations, ParseResult parsed, CancellationToken cancellationToken)
    {
        var gaps = await operations.ListGapsAsync(cancellationToken);
        await Console.Out.WriteLineAsync(
            parsed.GetValue(Json) ? JsonSerializer.Serialize(gaps, OperationsText.Json.IReadOnlyListGapView)
            : gaps.Count == 0 ? "There is no gap."
            : string.Join('\n', gaps.Select(LineOf))
        );
    }

    private static string LineOf(GapView gap) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{gap.Id}: {gap.Feed} of {gap.Scope} {gap.ScopeId}, {(gap.Day is { } day ? $"{day:yyyy-MM-dd}" : "the whole list")}: Cube says {gap.ReportedCount} and gives {gap.Records}, since {gap.Since:u}; {(gap.AcceptedBy is { } by ? $"accepted by {by}" : "read again daily")}"
        );

    private static async Task AcceptAsync(IOperations operations, ParseResult parsed, CancellationToken cancellationToken)
    {
        await operations.AcceptGapAsync(parsed.GetValue(Gap)!, new AcceptOrder { By = parsed.GetValue(By) }, cancellationToken);
        await Console.Out.WriteLineAsync(
            $"Gap {parsed.GetValue(Gap)} is accepted by {parsed.GetValue(By)}: a day is read no more, a list is read on."
        );
    }
}
