using System.Diagnostics.Metrics;

namespace CubeFunctions.Core.Model;

/// <summary>Metrics of the product. Tags hold feeds, kinds of scopes and kinds of failures, never ids.</summary>
public static class CubeMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "CubeFunctions";

    private static readonly Meter Meter = new(MeterName);

    /// <summary>Items that succeeded.</summary>
    public static Counter<long> ItemsSucceeded { get; } = Meter.CreateCounter<long>("cube.sync.items.succeeded");

    /// <summary>Items that failed.</summary>
    public static Counter<long> ItemsFailed { get; } = Meter.CreateCounter<long>("cube.sync.items.failed");

    /// <summary>Items that ended with an unproven window.</summary>
    public static Counter<long> ItemsUnproven { get; } = Meter.CreateCounter<long>("cube.sync.items.unproven");

    /// <summary>Pages read.</summary>
    public static Counter<long> Pages { get; } = Meter.CreateCounter<long>("cube.sync.pages");

    /// <summary>Records read.</summary>
    public static Counter<long> Records { get; } = Meter.CreateCounter<long>("cube.sync.records");

    /// <summary>Bytes read.</summary>
    public static Counter<long> Bytes { get; } = Meter.CreateCounter<long>("cube.sync.bytes", "By");

    /// <summary>Messages that failed too often, by queue.</summary>
    public static Counter<long> Poison { get; } = Meter.CreateCounter<long>("cube.messages.poison");

    /// <summary>Hours since the last proven window of the scope and feed that waits longest.</summary>
    public static Gauge<double> Staleness { get; } = Meter.CreateGauge<double>("cube.sync.scope.staleness", "h");

    /// <summary>Days that are kept as gaps, by feed.</summary>
    public static Gauge<long> Gaps { get; } = Meter.CreateGauge<long>("cube.sync.gaps");

    /// <summary>Seconds that Cube asked us to pause.</summary>
    public static Gauge<double> Paused { get; } = Meter.CreateGauge<double>("cube.requests.paused", "s");

    /// <summary>Upsert events kept, by kind of sender.</summary>
    public static Counter<long> UpsertsAccepted { get; } = Meter.CreateCounter<long>("cube.upserts.accepted");

    /// <summary>Upsert events whose fields arrived in Cube.</summary>
    public static Counter<long> UpsertsDelivered { get; } = Meter.CreateCounter<long>("cube.upserts.delivered");

    /// <summary>Upsert events given up, by kind of reason.</summary>
    public static Counter<long> UpsertsDead { get; } = Meter.CreateCounter<long>("cube.upserts.dead");

    /// <summary>Answers to webhooks, by the sender's kind and the class of the status (<c>2xx</c>, <c>4xx</c>, <c>5xx</c>).</summary>
    public static Counter<long> WebhookAnswers { get; } = Meter.CreateCounter<long>("cube.webhooks.answers");

    /// <summary>Changes the receiver took.</summary>
    public static Counter<long> ChangesDelivered { get; } = Meter.CreateCounter<long>("cube.changes.delivered");

    /// <summary>Changes the receiver did not take in time, or refused for good.</summary>
    public static Counter<long> ChangesUndelivered { get; } = Meter.CreateCounter<long>("cube.changes.undelivered");

    /// <summary>Deletions held back because too many customers were absent at once.</summary>
    public static Counter<long> DeletionsHeldBack { get; } = Meter.CreateCounter<long>("cube.changes.held_back");
}
