using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using CubeFunctions.Core.Operations.Probing;
using CubeFunctions.Local.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Local.Commands;

/// <summary><c>probe</c>: what the credential may see, and the settings that fit. Reads only.</summary>
internal static class ProbeCommand
{
    private static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object." };

    public static Command Create()
    {
        var command = new Command("probe", "Ask Cube what these settings can read, in under 30 requests that change nothing; prints the settings that fit.") { Json };
        command.SetAction((parsed, cancellationToken) => CommandLine.RunAsync(
            token => RunAsync(parsed.GetValue(Json), token), parsed.GetValue(Json) ? failure => failure.ToJson() : null, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool json, CancellationToken cancellationToken)
    {
        await using var app = await LocalApp.StartAsync(needsCube: true, Console.Error.WriteLine, LogLevel.Warning, cancellationToken);
        var report = await app.Services.GetRequiredService<ProbeControl>().RunAsync(cancellationToken);
        if (json)
        {
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(report, ProbeJson.Default.ProbeReport));
        }
        else
        {
            ProbeText.Print(report);
        }

        return report.Ok ? 0 : CommandLine.Failed;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ProbeReport))]
internal sealed partial class ProbeJson : JsonSerializerContext;
