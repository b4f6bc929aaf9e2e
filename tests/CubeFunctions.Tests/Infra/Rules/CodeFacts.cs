using System.Diagnostics.Metrics;
using System.Reflection;
using CubeFunctions.Core;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>What the code asks of the infrastructure. Nothing else under Infra looks into the code.</summary>
internal static class CodeFacts
{
    public const string Raw = StorageNames.Raw;
    public const string ChangeFiles = StorageNames.ChangeFiles;
    public const string Inbox = StorageNames.Inbox;
    public const string State = StorageNames.State;

    /// <summary>Counts answers to webhooks, by <c>kind</c> of sender and class of <c>status</c> (<c>5xx</c>).</summary>
    public const string WebhookAnswers = "cube.webhooks.answers";

    private static readonly IReadOnlyList<Attribute> Triggers =
    [
        .. typeof(HealthFunctions)
            .Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .Where(method => method.GetCustomAttribute<FunctionAttribute>() is not null)
            .SelectMany(method => method.GetParameters())
            .SelectMany(parameter => parameter.GetCustomAttributes()),
    ];

    public static IReadOnlyList<string> Containers => StorageNames.Containers;

    public static IReadOnlyList<string> Queues => StorageNames.Queues;

    public static IReadOnlyList<string> Tables => StorageNames.Tables;

    /// <summary>Names of all instruments.</summary>
    public static IReadOnlyList<string> Metrics { get; } =
    [
        .. typeof(CubeMetrics)
            .GetProperties()
            .Select(property => property.GetValue(null))
            .OfType<Instrument>()
            .Select(instrument => instrument.Name),
    ];

    /// <summary>Dated feeds as the tag <c>feed</c> names them, those of the second generation among them.</summary>
    public static IReadOnlyList<string> DatedFeeds { get; } =
    [.. FeedCatalogue.All.Where(feed => feed.Dated).Select(feed => feed.Setting).Union(["call_outcomes", "product_registrations"])];

    /// <summary>Feeds without dates.</summary>
    public static IReadOnlyList<string> UndatedFeeds { get; } =
    [.. FeedCatalogue.All.Where(feed => !feed.Dated).Select(feed => feed.Setting).Distinct()];

    /// <summary>Settings that schedules name: <c>%Sync:Schedule%</c>.</summary>
    public static IReadOnlyList<string> ScheduleSettings { get; } =
    [
        .. Triggers
            .OfType<TimerTriggerAttribute>()
            .Where(timer => timer.Schedule.StartsWith('%'))
            .Select(timer => timer.Schedule.Trim('%').Replace(":", "__", StringComparison.Ordinal))
            .Distinct(),
    ];

    /// <summary>Names of connections that queue triggers use.</summary>
    public static IReadOnlyList<string> Connections { get; } =
    [.. Triggers.OfType<QueueTriggerAttribute>().Select(queue => queue.Connection ?? "AzureWebJobsStorage").Distinct()];

    /// <summary>Queues that triggers read.</summary>
    public static IReadOnlyList<string> TriggerQueues { get; } =
    [.. Triggers.OfType<QueueTriggerAttribute>().Select(queue => queue.QueueName).Distinct()];

    /// <summary>Route templates.</summary>
    public static IReadOnlyList<string> Routes { get; } =
    [.. Triggers.OfType<HttpTriggerAttribute>().Select(http => http.Route ?? "").Distinct()];

    /// <summary>How long what the code keeps may point to a page in <c>cube-raw</c>, by the constant that says so.</summary>
    public static IReadOnlyDictionary<string, TimeSpan> PointerAges { get; } =
        ((string[])["EarlierReading.MaxAge", "ScopeKnowledge.OldestSource"]).ToDictionary(
            name => name,
            Constant<TimeSpan>,
            StringComparer.Ordinal
        );

    /// <summary>Days before the look-back that are still compared: what is known of them points to pages.</summary>
    public static int ComparedMarginDays { get; } = Constant<int>("ScopeKnowledge.Margin");

    /// <summary>What the code has against these settings, as it says it.</summary>
    public static IReadOnlyList<string> Faults(IEnumerable<KeyValuePair<string, string>> settings) => Read(settings).Faults;

    /// <summary>The names that the code reads when it is given these settings.</summary>
    public static IReadOnlyCollection<string> Names(IEnumerable<KeyValuePair<string, string>> settings) => [.. Read(settings).Names];

    private static SettingsReader Read(IEnumerable<KeyValuePair<string, string>> settings)
    {
        var reader = new SettingsReader(
            new ConfigurationBuilder()
                .AddInMemoryCollection(
                    settings.Select(setting =>
                        KeyValuePair.Create(setting.Key.Replace("__", ":", StringComparison.Ordinal), (string?)setting.Value)
                    )
                )
                .Build()
        );
        AppSettings.Read(reader);
        return reader;
    }

    private static T Constant<T>(string name)
    {
        var (type, field) = (name.Split('.')[0], name.Split('.')[1]);
        var found = typeof(AppSettings)
            .Assembly.GetTypes()
            .SingleOrDefault(candidate => candidate.Name == type)
            ?.GetField(field, BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public);
        return found?.GetValue(null) is T value
            ? value
            : throw new InvalidOperationException($"The code has no {name} any more: find what says now how long pages are pointed to.");
    }
}
