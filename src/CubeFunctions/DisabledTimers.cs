using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace CubeFunctions;

/// <summary>
/// The timers that an app setting has the Functions host not run: nothing starts by itself then, and nothing else would say so.
/// </summary>
internal sealed class DisabledTimers(IConfiguration configuration)
{
    /// <summary>Names of their functions.</summary>
    public IReadOnlyList<string> Names { get; } =
    [
        .. typeof(SyncFunctions)
            .GetMethods()
            .Where(method => Array.Exists(method.GetParameters(), static parameter => parameter.IsDefined(typeof(TimerTriggerAttribute))))
            .Select(method => method.GetCustomAttribute<FunctionAttribute>()!.Name)
            .Where(name =>
                IsTrue(configuration[$"AzureWebJobs.{name}.Disabled"]) || IsTrue(configuration[$"AzureWebJobs:{name}:Disabled"])
            ),
    ];

    /// <summary>What the host takes for a yes.</summary>
    private static bool IsTrue(string? value) => value is "1" || (bool.TryParse(value, out var parsed) && parsed);
}
