using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CubeFunctions.Core.Erasure;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Settings;
using CubeFunctions.Local.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Commands;

/// <summary><c>erase</c>: takes one person out of everything that is stored. Says counts only, never who it was.</summary>
internal static class EraseCommand
{
    private const int LongestAssignment = 64;
    private static readonly Option<string> Assignment = new("--assignment") { Description = "The assignment's id.", Required = true };
    private static readonly Option<string> Customer = new("--customer") { Description = "The customer's imported id (the CRM's own), as text: leading zeros count.", Required = true };
    private static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object." };

    public static Command Create()
    {
        var command = new Command("erase", "Erase a person from the storage account. Cube and the CRM have to be told apart.") { Assignment, Customer, Json };
        command.SetAction((parsed, cancellationToken) =>
            CommandLine.RunAsync(
                token => RunAsync(parsed.GetValue(Assignment)!, parsed.GetValue(Customer)!, parsed.GetValue(Json), token),
                parsed.GetValue(Json) ? failure => failure.ToJson() : null, cancellationToken, "Stopped; run the command again to erase the rest."));
        return command;
    }

    private static async Task<int> RunAsync(string assignment, string customer, bool json, CancellationToken cancellationToken)
    {
        if (Fault(assignment, customer) is { } fault)
        {
            throw new SettingsException([fault]);
        }

        try
        {
            // Not the simulator in place of a tenant: it would answer for campaigns of others.
            await using var app = await LocalApp.StartAsync(needsCube: false, Console.Error.WriteLine, LogLevel.Warning, cancellationToken);
            await app.EnsureStorageAsync(cancellationToken);
            var report = await app.Services.GetRequiredService<PersonEraser>().EraseAsync(assignment, customer, cancellationToken);
            await Console.Out.WriteLineAsync(json ? JsonSerializer.Serialize(report, ErasureJson.Default.ErasureReport) : ErasureText.Of(report));
            return report.UnknownAssignment || report.OtherKindOfId > 0 ? CommandLine.WrongUsage : 0;
        }
        catch (ErasureBusyException exception)
        {
            throw new LocalHostException(exception.Message, exception);
        }
    }

    /// <summary>Names the option and never shows what was given: it may be somebody's id.</summary>
    private static string? Fault(string assignment, string customer) =>
        assignment.Length is 0 or > LongestAssignment || !assignment.All(char.IsAsciiLetterOrDigit) ? $"{Assignment.Name}: must be letters and digits, at most {LongestAssignment}"
        : string.IsNullOrWhiteSpace(customer) ? $"{Customer.Name}: is empty"
        : customer.Length > UpsertLimits.CustomerIdLength || customer.Any(char.IsControl)
            ? string.Create(CultureInfo.InvariantCulture, $"{Customer.Name}: is longer than {UpsertLimits.CustomerIdLength} characters, or holds control characters")
        : null;
}
