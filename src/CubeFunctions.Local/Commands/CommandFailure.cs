using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using Azure;
using Azure.Identity;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Operations;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Local.Hosting;
using CubeFunctions.Local.Operations;

namespace CubeFunctions.Local.Commands;

/// <summary>How a command ended that did not come to its end.</summary>
/// <param name="Status"><c>Failed</c> or <c>Cancelled</c>.</param>
/// <param name="Reason">Why, in one line; a line a fault for settings.</param>
/// <param name="Code">The exit code.</param>
internal sealed record CommandFailure(string Status, [property: JsonPropertyName("error")] string Reason, [property: JsonIgnore] int Code)
{
    public static CommandFailure Stopped(string words) => new("Cancelled", words, CommandLine.Interrupted);

    public static CommandFailure From(Exception exception) =>
        exception switch
        {
            SettingsException => new("Failed", exception.Message, CommandLine.WrongUsage),
            LocalHostException or CubeException or AppTroubleException => new("Failed", FirstLine(exception), CommandLine.Failed),
            OperationException operation => new(
                "Failed",
                OptionNames.Typed(operation.Message),
                operation.Status is 409 or >= 500 ? CommandLine.Failed : CommandLine.WrongUsage
            ),
            LeaseLostException => new(
                "Failed",
                "A lease was lost: this process stood still for longer than Sync__LeaseSeconds. Nothing is lost; run the command again",
                CommandLine.Failed
            ),
            _ => new("Failed", Storage(exception) is { } reason ? $"CubeStorage: {reason}" : Other(exception), CommandLine.Failed),
        };

    /// <summary>The object that <c>--json</c> prints where a command has no other.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, CommandFailureJson.Default.CommandFailure);

    private static string Answer(RequestFailedException failed) => $"{failed.Status} {failed.ErrorCode}".TrimEnd();

    /// <summary>Storage's failure in words, or null when it is something else.</summary>
    private static string? Storage(Exception exception) =>
        exception switch
        {
            AggregateException { InnerExceptions: { Count: > 0 } inner } => Storage(inner[^1]),
            AuthenticationFailedException =>
                "no token for storage: run 'az login', or set CubeStorage__credential=managedidentity in Azure",
            RequestFailedException { Status: 401 or 403 } refused =>
                $"storage refused with {Answer(refused)}: look at the key in CubeStorage, or at the roles of the identity (Storage Blob, Queue and Table Data Contributor)",
            RequestFailedException { Status: 0 } or HttpRequestException or SocketException =>
                $"storage cannot be reached ({FirstLine(exception.GetBaseException())})",
            RequestFailedException failed => $"storage answers {Answer(failed)}",
            FormatException => "is not a storage connection string",
            _ => null,
        };

    /// <summary>Files in words; of anything else the type and the place, since its message may hold data.</summary>
    private static string Other(Exception exception) =>
        exception is IOException or UnauthorizedAccessException
            ? FirstLine(exception)
            : $"Unexpected: {ErrorInfo.From(exception)} in {Place(exception)}; please report it";

    private static string Place(Exception exception) =>
        new StackTrace(exception)
            .GetFrames()
            .Select(frame => frame.GetMethod())
            .FirstOrDefault(method => method?.DeclaringType?.Namespace?.StartsWith("Cube", StringComparison.Ordinal) == true)
            is { } method
            ? $"{method.DeclaringType!.FullName}"
            : "a library";

    private static string FirstLine(Exception exception) => exception.Message.Split('\n', 2)[0].TrimEnd();
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(CommandFailure))]
internal sealed partial class CommandFailureJson : JsonSerializerContext;
