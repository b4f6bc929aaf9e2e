using System.Diagnostics.Metrics;

namespace CubeFunctions.Core.Model;

/// <summary>
/// Metrics of the product. Tags hold feeds, kinds of scopes and kinds of failures, never ids. docs/operations.md lists them with the
/// descriptions given here.
/// </summary>
public static class CubeMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "CubeFunctions";

    private static readonly Meter Meter = new(MeterName);

    /// <summary>Items that succeeded.</summary>
    public static Counter<long> ItemsSucceeded { get; } =
        Meter.CreateCounter<long>("cube.sync.items.succeeded", "{item}", "Items that succeeded, by `feed` and `scope`");

    /// <summary>Items that failed.</summary>
    public static Counter<long> ItemsFailed { get; } =
        Meter.CreateCounter<long>("cube.sync.items.failed", "{item}", "Items that failed for good, by `feed`, `scope` and `reason`");

    /// <summary>Items that ended with an unproven window.</summary>
    public static Counter<long> ItemsUnproven { get; } =
        Meter.CreateCounter<long>(
            "cube.sync.items.unproven",
            "{item}",
            "Items that ended with an unproven window, by `feed`, `scope` and `reason`"
        );

    /// <summary>Items put off after a failure or for a pause.</summary>
    public static Counter<long> ItemsRescheduled { get; } =
        Meter.CreateCounter<long>(
            "cube.sync.items.rescheduled",
            "{item}",
            "Items rescheduled after a failure or for a pause, by `feed`, `scope` and `reason`"
        );

    /// <summary>Pages read.</summary>
    public static Counter<long> Pages { get; } = Meter.CreateCounter<long>("cube.sync.pages", "{page}", "Pages read from Cube, by `feed`");

    /// <summary>Records read.</summary>
    public static Counter<long> Records { get; } =
        Meter.CreateCounter<long>("cube.sync.records", "{record}", "Records on those pages, by `feed`");

    /// <summary>Bytes read.</summary>
    public static Counter<long> Bytes { get; } = Meter.CreateCounter<long>("cube.sync.bytes", "By", "Bytes of those pages, by `feed`");

    /// <summary>How long a page took.</summary>
    public static Histogram<double> PageDuration { get; } =
        Meter.CreateHistogram(
            "cube.sync.page.duration",
            "s",
            "How long Cube took for a page, retries and pauses included, by `feed`",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] }
        );

    /// <summary>Requests to Cube sent again.</summary>
    public static Counter<long> RequestsRetried { get; } =
        Meter.CreateCounter<long>(
            "cube.requests.retried",
            "{request}",
            "Requests to Cube sent again, by `reason`: Cube's status, or the kind of the failure"
        );

    /// <summary>Seconds that Cube asked us to pause.</summary>
    public static Gauge<double> Paused { get; } =
        Meter.CreateGauge<double>("cube.requests.paused", "s", "The pause that Cube has just asked for");

    /// <summary>Seconds that a pause has been up.</summary>
    public static Gauge<double> Pauses { get; } =
        Meter.CreateGauge<double>(
            "cube.pauses",
            "s",
            "Since when a pause has been up, 0 where it is not, by `name`: `cube`, `receiver`, `writes`"
        );

    /// <summary>Messages that failed too often, by queue.</summary>
    public static Counter<long> Poison { get; } =
        Meter.CreateCounter<long>("cube.messages.poison", "{message}", "Messages that failed too often, by `queue`");

    /// <summary>Age of the message in front of a queue.</summary>
    public static Gauge<double> QueueAge { get; } =
        Meter.CreateGauge<double>("cube.queue.age", "s", "How long the message in front has been due, by `queue`");

    /// <summary>Hours since the last proven window of the scope and feed that waits longest.</summary>
    public static Gauge<double> Staleness { get; } =
        Meter.CreateGauge<double>(
            "cube.sync.scope.staleness",
            "h",
            "Hours since the last proven window of the scope that has waited longest, by `feed` and `scope`"
        );

    /// <summary>Days and lists that are kept as gaps, by feed.</summary>
    public static Gauge<long> Gaps { get; } =
        Meter.CreateGauge<long>("cube.sync.gaps", "{day}", "Days and lists kept as gaps, by `feed` and `scope`");

    /// <summary>Upsert events kept, by sender.</summary>
    public static Counter<long> UpsertsAccepted { get; } =
        Meter.CreateCounter<long>("cube.upserts.accepted", "{upsert}", "Upserts kept, by `sender`");

    /// <summary>Upsert events whose fields arrived in Cube.</summary>
    public static Counter<long> UpsertsDelivered { get; } =
        Meter.CreateCounter<long>(
            "cube.upserts.delivered",
            "{upsert}",
            "Upserts that ended without being given up, by `sender` and `state`"
        );

    /// <summary>Upsert events given up.</summary>
    public static Counter<long> UpsertsDead { get; } =
        Meter.CreateCounter<long>("cube.upserts.dead", "{upsert}", "Upserts given up, by `sender`");

    /// <summary>Upsert events that wait because the tenant takes no writes.</summary>
    public static Gauge<long> UpsertsHeld { get; } =
        Meter.CreateGauge<long>(
            "cube.upserts.held",
            "{upsert}",
            "Upserts that wait while writes are off, 0 while they are on, `by`: `tenant`, which takes none, or `settings`: `Cube__Writes`, or its default in generation 2"
        );

    /// <summary>Answers to webhooks, by the sender's kind and the class of the status (<c>2xx</c>, <c>4xx</c>, <c>5xx</c>).</summary>
    public static Counter<long> WebhookAnswers { get; } =
        Meter.CreateCounter<long>(
            "cube.webhooks.answers",
            "{answer}",
            "Answers to webhooks, by `kind` of sender and class of `status`: `2xx`, `4xx`, `5xx`"
        );

    /// <summary>Changes found.</summary>
    public static Counter<long> ChangesFound { get; } =
        Meter.CreateCounter<long>("cube.changes.found", "{change}", "Lines written to change files, by `feed`, `op` and `origin`");

    /// <summary>Changes the receiver took.</summary>
    public static Counter<long> ChangesDelivered { get; } =
        Meter.CreateCounter<long>("cube.changes.delivered", "{change}", "Changes that the receiver took");

    /// <summary>Changes the receiver did not take in time, or refused for good.</summary>
    public static Counter<long> ChangesUndelivered { get; } =
        Meter.CreateCounter<long>(
            "cube.changes.undelivered",
            "{change}",
            "Changes that the receiver refused or did not take in time, by `reason`"
        );

    /// <summary>Deletions held back because too many customers were absent at once.</summary>
    public static Counter<long> DeletionsHeldBack { get; } =
        Meter.CreateCounter<long>(
            "cube.changes.held_back",
            "{record}",
            "Deletions held back, since too many records were absent at once, by `feed`"
        );
}
