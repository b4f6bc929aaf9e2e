using System.CommandLine;
using System.Text.Json;
using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Settings;
using CubeFunctions.Local.Operations;

namespace CubeFunctions.Local.Commands;

/// <summary><c>erase</c>: takes one person out of everything that is stored. Says counts only, never who it was.</summary>
internal static class EraseCommand
{
    private static readonly Option<string> Assignment = new("--assignment")
    {
        Description = "The assignment's id, or the CRM's (3-B2C).",
        Required = true,
    };
    private static readonly Option<string> Customer = new("--customer")
    {
        Description = "The customer's imported id (the CRM's own), as text: leading zeros count.",
        Required = true,
    };
    private static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object." };

    public static Command Create()
    {
        var command = new Command("erase", "Erase a person from the storage account. Cube and the CRM have to be told apart.")
        {
            Assignment,
            Customer,
            Json,
            OperationsOption.App,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                CommandLine.RunAsync(
                    parsed,
                    Json,
                    token => RunAsync(parsed, token),
                    cancellationToken,
                    "Stopped; run the command again to erase the rest."
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var order = new ErasureOrder { Assignment = parsed.GetValue(Assignment), Customer = parsed.GetValue(Customer) };
        if (order.FindFault() is { } fault)
        {
            // Names the option and never shows what was given: it may be somebody's id.
            throw new SettingsException([OptionNames.Typed(fault)]);
        }

        // Not the simulator in place of a tenant: it would answer for campaigns of others.
        await using var operations = await OperationsOption.OpenAsync(parsed, needsCube: false, cancellationToken);
        var report = await operations.EraseAsync(order, Console.Error.WriteLine, cancellationToken);
        await Console.Out.WriteLineAsync(
            parsed.GetValue(Json) ? JsonSerializer.Serialize(report, ErasureJson.Default.ErasureReport) : ErasureText.Of(report)
        );
        return report.UnknownAssignment || report.OtherKindOfId > 0 ? CommandLine.WrongUsage : 0;
    }
}
