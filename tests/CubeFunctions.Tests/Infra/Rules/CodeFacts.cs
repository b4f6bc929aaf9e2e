using System.Reflection;
using Microsoft.Azure.Functions.Worker;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>What the triggers of the app ask for, read from their attributes.</summary>
internal static class CodeFacts
{
    private static readonly IReadOnlyList<Attribute> Triggers =
    [
        .. typeof(HealthFunctions).Assembly.GetTypes().SelectMany(type => type.GetMethods())
            .Where(method => method.GetCustomAttribute<FunctionAttribute>() is not null)
            .SelectMany(method => method.GetParameters()).SelectMany(parameter => parameter.GetCustomAttributes()),
    ];

    /// <summary>Settings that schedules name: <c>%Sync:Schedule%</c>.</summary>
    public static IReadOnlyList<string> ScheduleSettings { get; } =
    [
        .. Triggers.OfType<TimerTriggerAttribute>().Where(timer => timer.Schedule.StartsWith('%')).Select(timer => timer.Schedule.Trim('%').Replace(":", "__", StringComparison.Ordinal)).Distinct(),
    ];

    /// <summary>Names of connections that queue triggers use.</summary>
    public static IReadOnlyList<string> Connections { get; } = [.. Triggers.OfType<QueueTriggerAttribute>().Select(queue => queue.Connection ?? "AzureWebJobsStorage").Distinct()];

    /// <summary>Queues that triggers read.</summary>
    public static IReadOnlyList<string> Queues { get; } = [.. Triggers.OfType<QueueTriggerAttribute>().Select(queue => queue.QueueName).Distinct()];

    /// <summary>Route templates.</summary>
    public static IReadOnlyList<string> Routes { get; } = [.. Triggers.OfType<HttpTriggerAttribute>().Select(http => http.Route ?? "").Distinct()];
}
