using System.Text.Json;

namespace CubeFunctions.Tests.Functions.Host;

/// <summary>A function as the host learns of it: from functions.metadata, or from the worker itself.</summary>
/// <param name="Id">The worker's id of it; its name in functions.metadata.</param>
/// <param name="Name">Its name.</param>
/// <param name="Bindings">Its bindings.</param>
internal sealed record FunctionInfo(string Id, string Name, IReadOnlyList<JsonElement> Bindings)
{
    public JsonElement Trigger => Bindings.Single(binding => Text(binding, "type").EndsWith("Trigger", StringComparison.Ordinal));

    public string TriggerType => Text(Trigger, "type");

    /// <summary>The name of the parameter that takes the trigger's data.</summary>
    public string Parameter => Text(Trigger, "name");

    public string Queue => Text(Trigger, "queueName");

    public string Connection => Text(Trigger, "connection");

    private bool RunsOnStartup => Trigger.TryGetProperty("runOnStartup", out var value) && value.GetBoolean();

    public string Route => Text(Trigger, "route");

    public IEnumerable<string> Methods => Trigger.GetProperty("methods").EnumerateArray().Select(method => method.GetString()!);

    /// <summary>Everything of the trigger that the host goes by.</summary>
    public string Describe() =>
        $"{Name}: "
        + TriggerType switch
        {
            "timerTrigger" => $"timer {Text(Trigger, "schedule")}{(RunsOnStartup ? " on startup" : "")}",
            "queueTrigger" => $"queue {Queue} on {Connection}",
            "httpTrigger" => $"http {Text(Trigger, "authLevel").ToLowerInvariant()} {string.Join(',', Methods)} {Route}",
            var other => other,
        };

    /// <summary>Reads functions.metadata.</summary>
    public static List<FunctionInfo> ReadAll(string metadata) =>
        [
            .. JsonDocument
                .Parse(metadata)
                .RootElement.EnumerateArray()
                .Select(function => new FunctionInfo(
                    Text(function, "name"),
                    Text(function, "name"),
                    [.. function.GetProperty("bindings").EnumerateArray()]
                )),
        ];

    public static string Text(JsonElement element, string member) => element.GetProperty(member).GetString()!;
}
