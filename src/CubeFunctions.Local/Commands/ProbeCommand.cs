using System.CommandLine;
using System.Text.Json;
using CubeFunctions.Local.Operations;

namespace CubeFunctions.Local.Commands;

/// <summary><c>probe</c>: what the credential may see, and the settings that fit. Reads only.</summary>
internal static class ProbeCommand
{
    private static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object." };

    public static Command Create()
    {
        var command = new Command(
            "probe",
            "Ask Cube what these settings can read, in under 30 requests that change nothing; prints the settings that fit."
        )
        {
            Json,
            OperationsOption.App,
        };
        command.SetAction(
            (parsed, cancellationToken) => CommandLine.RunAsync(parsed, Json, token => RunAsync(parsed, token), cancellationToken)
        );
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        await using var operations = await OperationsOption.OpenAsync(parsed, needsCube: true, cancellationToken);
        var report = await operations.ProbeAsync(cancellationToken);
        if (parsed.GetValue(Json))
        {
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(report, OperationsText.Json.ProbeReport));
        }
        else
        {
            ProbeText.Print(report);
        }

        return report.Ok ? 0 : CommandLine.Failed;
    }
}
