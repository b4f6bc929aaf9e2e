using CubeFunctions.Tests.Infra.Arm;
using CubeFunctions.Tests.Infra.Kql;

namespace CubeFunctions.Tests.Infra.Rules;

/// <summary>For each alert: what raises it, and what comes near.</summary>
internal static class AlertScenarios
{
    private const string Staleness = "cube.sync.scope.staleness";
    private const string Paused = "cube.requests.paused";
    private const string Held = "cube.upserts.held";
    private const string Pauses = "cube.pauses";
    private const string QueueAge = "cube.queue.age";

    /// <summary>Everything that alerts look at.</summary>
    public static IReadOnlyList<string> Metrics { get; } =
    [.. CounterAlerts.Values, Staleness, Paused, "cube.sync.gaps", Held, Pauses, QueueAge, CodeFacts.WebhookAnswers, .. ItemEnds];

    public static IReadOnlyList<AlertScenario> All { get; } =
    [
        .. CounterAlerts.SelectMany(pair => Counter(pair.Key, pair.Value)),
        .. CodeFacts.DatedFeeds.SelectMany(feed => Stale("dated-feed-stale", "snapshot-stale", "staleDatedAfterHours", feed)),
        .. CodeFacts.UndatedFeeds.SelectMany(feed => Stale("snapshot-stale", "dated-feed-stale", "staleSnapshotAfterHours", feed)),
        .. Silent,
        .. NoItemEnded,
        .. Gaps,
        .. WritesOff,
        .. ReceiverPaused,
        .. QueueOld,
        .. PausedLong,
        .. Webhooks,
    ];

    private static Dictionary<string, string> CounterAlerts =>
        new(StringComparer.Ordinal)
        {
            ["items-failed"] = "cube.sync.items.failed",
            ["items-unproven"] = "cube.sync.items.unproven",
            ["messages-poison"] = "cube.messages.poison",
            ["upserts-dead"] = "cube.upserts.dead",
            ["changes-undelivered"] = "cube.changes.undelivered",
            ["deletions-held-back"] = "cube.changes.held_back",
        };

    private static string[] ItemEnds => ["cube.sync.items.succeeded", "cube.sync.items.failed", "cube.sync.items.unproven"];

    private static IEnumerable<AlertScenario> Silent =>
        [
            new(
                "silent",
                "staleness was reported an hour ago, other metrics just now",
                true,
                (_, now) => [Row(now, 60, Staleness, 1), .. Others(now, Staleness)]
            ),
            new("silent", "staleness was reported as nothing", false, (_, now) => [Row(now, 10, Staleness, 0, ("feed", "responses"))]),
        ];

    private static IEnumerable<AlertScenario> NoItemEnded =>
        [
            new(
                "no-item-ended",
                "the last item ended seven hours ago",
                true,
                (_, now) => [.. ItemEnds.Select(metric => Row(now, 420, metric, 1)), .. Others(now, ItemEnds)]
            ),
            .. ItemEnds.Select(metric => new AlertScenario(
                "no-item-ended",
                $"{metric} five hours ago",
                false,
                (_, now) => [Row(now, 300, metric, 1)]
            )),
        ];

    private static IEnumerable<AlertScenario> Gaps =>
        [
            new("gaps-open", "one gap", true, (_, now) => [Row(now, 10, "cube.sync.gaps", 1)]),
            new(
                "gaps-open",
                "no gap any more, other metrics",
                false,
                (_, now) => [Row(now, 10, "cube.sync.gaps", 0), Row(now, 45, "cube.sync.gaps", 1), .. Others(now, "cube.sync.gaps")]
            ),
        ];

    private static IEnumerable<AlertScenario> WritesOff =>
        [.. HeldBy("writes-off", "tenant", "settings"), .. HeldBy("upserts-kept", "settings", "tenant")];

    private static IEnumerable<AlertScenario> HeldBy(string alert, string by, string other) =>
        [
            new(alert, $"one upsert is held by {by}", true, (_, now) => [Row(now, 10, Held, 1, ("by", by))]),
            new(
                alert,
                "none is held any more, others are, other metrics",
                false,
                (_, now) =>
                    [
                        Row(now, 10, Held, 0, ("by", by)),
                        Row(now, 45, Held, 1, ("by", by)),
                        Row(now, 10, Held, 1, ("by", other)),
                        .. Others(now, Held, 1, ("by", by)),
                    ]
            ),
        ];

    private static IEnumerable<AlertScenario> ReceiverPaused =>
        [
            new(
                "receiver-paused",
                "the receiver has been left alone for more than an hour",
                true,
                (_, now) => [Row(now, 10, Pauses, 3700, ("name", "receiver"))]
            ),
            new(
                "receiver-paused",
                "half an hour, other pauses, other metrics",
                false,
                (_, now) =>
                    [
                        Row(now, 10, Pauses, 1800, ("name", "receiver")),
                        Row(now, 10, Pauses, 9000, ("name", "cube")),
                        Row(now, 45, Pauses, 9000, ("name", "receiver")),
                        .. Others(now, Pauses, 9000, ("name", "receiver")),
                    ]
            ),
        ];

    private static IEnumerable<AlertScenario> QueueOld =>
        [
            new(
                "queue-old",
                "a message has been due for more than an hour",
                true,
                (_, now) => [Row(now, 10, QueueAge, 3700, ("queue", "cube-sync"))]
            ),
            new(
                "queue-old",
                "minutes, other metrics",
                false,
                (_, now) =>
                    [
                        Row(now, 10, QueueAge, 900, ("queue", "cube-sync")),
                        Row(now, 45, QueueAge, 9000, ("queue", "cube-sync")),
                        .. Others(now, QueueAge, 9000),
                    ]
            ),
        ];

    private static IEnumerable<AlertScenario> PausedLong =>
        [
            new(
                "paused-long",
                "ten minutes every ten minutes, for 70",
                true,
                (_, now) => [.. Enumerable.Range(1, 7).Select(i => Row(now, 10 * i, Paused, 600))]
            ),
            new("paused-long", "an hour and then ten minutes", true, (_, now) => [Row(now, 110, Paused, 3600), Row(now, 40, Paused, 600)]),
            new("paused-long", "an hour that has just begun", false, (_, now) => [Row(now, 5, Paused, 3600)]),
            new("paused-long", "an hour that has just ended", false, (_, now) => [Row(now, 59, Paused, 3540)]),
            new(
                "paused-long",
                "seconds, every minute",
                false,
                (_, now) => [.. Enumerable.Range(0, 120).Select(i => Row(now, i, Paused, 5))]
            ),
            new(
                "paused-long",
                "ten minutes, said by eight instances",
                false,
                (_, now) => [.. Enumerable.Range(0, 8).Select(i => Row(now, 30, Paused, 600))]
            ),
            new("paused-long", "ten minutes, an hour and a half ago", false, (_, now) => [Row(now, 90, Paused, 600)]),
            new(
                "paused-long",
                "other metrics",
                false,
                (_, now) => [.. Enumerable.Range(0, 12).SelectMany(i => Others(now.AddMinutes(-10 * i), Paused, 600))]
            ),
        ];

    private static IEnumerable<AlertScenario> Webhooks =>
        [
            new(
                "webhook-5xx",
                "one server error",
                true,
                (_, now) => [Row(now, 10, CodeFacts.WebhookAnswers, 1, ("kind", "hubspot"), ("status", "5xx"))]
            ),
            new(
                "webhook-5xx",
                "other answers, other metrics",
                false,
                (_, now) =>
                    [
                        Row(now, 10, CodeFacts.WebhookAnswers, 100, ("kind", "hubspot"), ("status", "2xx")),
                        Row(now, 10, CodeFacts.WebhookAnswers, 9, ("kind", "5xx"), ("status", "4xx")),
                        Row(now, 45, CodeFacts.WebhookAnswers, 1, ("kind", "hubspot"), ("status", "5xx")),
                        .. Others(now, CodeFacts.WebhookAnswers, 5, ("status", "5xx")),
                    ]
            ),
        ];

    private static IEnumerable<AlertScenario> Counter(string alert, string metric) =>
        [
            new(alert, "one, ten minutes ago", true, (_, now) => [Row(now, 10, metric, 1)]),
            new(alert, "nothing was reported", false, (_, _) => []),
            new(
                alert,
                "none just now, one before the window, other metrics",
                false,
                (_, now) => [Row(now, 10, metric, 0), Row(now, 45, metric, 1), .. Others(now, metric)]
            ),
        ];

    private static IEnumerable<AlertScenario> Stale(string alert, string other, string parameter, string feed) =>
        [
            new(
                alert,
                $"{feed} half an hour too old",
                true,
                (deployment, now) => [Row(now, 10, Staleness, Hours(deployment, parameter) + 0.5, ("feed", feed))]
            ),
            new(
                alert,
                $"{feed} half an hour before its time, said twice",
                false,
                (deployment, now) =>
                    [
                        Row(now, 10, Staleness, Hours(deployment, parameter) - 0.5, ("feed", feed)),
                        Row(now, 5, Staleness, Hours(deployment, parameter) - 0.4, ("feed", feed)),
                        .. Others(now, Staleness, 1000, ("feed", feed)),
                    ]
            ),
            new(other, $"{feed} is another alert's", false, (_, now) => [Row(now, 10, Staleness, 1000, ("feed", feed))]),
        ];

    private static double Hours(ArmDeployment deployment, string parameter) => (long)deployment.Given(parameter)!;

    private static KqlRow Row(DateTimeOffset now, int minutesAgo, string metric, double value, params (string, string)[] tags) =>
        KqlRow.Metric(now.AddMinutes(-minutesAgo), metric, value, tags);

    private static IEnumerable<KqlRow> Others(DateTimeOffset now, string but, double value = 5, params (string, string)[] tags) =>
        Metrics.Where(metric => metric != but).Select(metric => KqlRow.Metric(now.AddMinutes(-10), metric, value, tags));

    private static IEnumerable<KqlRow> Others(DateTimeOffset now, string[] but) =>
        Metrics.Except(but).Select(metric => Row(now, 10, metric, 5));
}
