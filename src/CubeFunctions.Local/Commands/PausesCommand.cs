using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CubeFunctions.Core.Operations;
using CubeFunctions.Local.Operations;

namespace CubeFunctions.Local.Commands;

/// <summary><c>pauses</c>: lists shared pauses that are up, lifts one.</summary>
internal static class PausesCommand
{
    private static readonly Argument<string> Pause = new("name") { Description = "Its name, as 'pauses' shows it." };
    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON." };

    public static Command Create()
    {
        var lift = new Command("lift", "Lift a pause, whoever asked for it.") { Pause, OperationsOption.App };
        lift.SetAction((parsed, cancellationToken) => OperationsText.RunAsync(parsed, null, LiftAsync, cancellationToken));
        var command = new Command("pauses", "List shared pauses: who asked for them, why, until when.")
        {
            Json,
            OperationsOption.App,
            lift,
        };
        command.SetAction((parsed, cancellationToken) => OperationsText.RunAsync(parsed, Json, ListAsync, cancellationToken));
        return command;
    }

    /// <summary>A pause in one line.</summary>
    public static string LineOf(PauseView pause) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{pause.Name}: {(pause.Until is { } until ? $"until {until:u}" : "until it is lifted")}{(pause.Since is { } since ? $", since {since:u}" : "")}{(pause.AskedBy is { } by ? $", asked for by {by}" : "")}{(pause.Reason is { } reason ? $": {reason}" : "")}"
        );

    private static async Task ListAsync(IOperations operations, ParseResult parsed, CancellationToken cancellationToken)
    {
        var pauses = await operations.ListPausesAsync(cancellationToken);
        await Console.Out.WriteLineAsync(
            parsed.GetValue(Json) ? JsonSerializer.Serialize(pauses, OperationsText.Json.IReadOnlyListPauseView)
            : pauses.Count == 0 ? "No pause is up."
            : string.Join('\n', pauses.Select(LineOf))
        );
    }

    private static async Task LiftAsync(IOperations operations, ParseResult parsed, CancellationToken cancellationToken)
    {
        await operations.LiftPauseAsync(parsed.GetValue(Pause)!, cancellationToken);
        await Console.Out.WriteLineAsync($"{parsed.GetValue(Pause)} is lifted; workers learn of it within half a minute.");
    }
}
