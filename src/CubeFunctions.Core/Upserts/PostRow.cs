using Azure;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>A stored post of many events in <c>CubeUpserts</c> that is not split into their rows yet.</summary>
public sealed class PostRow : IStoredRow, ILeasable
{
    /// <summary>The state of all of them, beside those of <see cref="UpsertState"/>.</summary>
    internal const string Unsplit = "Post";

    /// <summary>Partition key of all of them.</summary>
    internal const string Partition = "post";

    /// <inheritdoc />
    public string PartitionKey { get; set; } = Partition;

    /// <summary>Name of the body.</summary>
    public string RowKey { get; set; } = "";

    /// <inheritdoc />
    public DateTimeOffset? Timestamp { get; set; }

    /// <inheritdoc />
    public ETag ETag { get; set; }

    /// <summary>Id of the last write.</summary>
    public string? WriteId { get; set; }

    /// <summary>Version of this row's format.</summary>
    public int SchemaVersion { get; set; } = 1;

    /// <summary>Always <see cref="Unsplit"/>.</summary>
    public string State { get; set; } = Unsplit;

    /// <summary>Name of the sender.</summary>
    public string Sender { get; set; } = "";

    /// <summary>When it was accepted.</summary>
    public DateTimeOffset AcceptedAt { get; set; }

    /// <summary>Where its body lies.</summary>
    public string Path { get; set; } = "";

    /// <summary>What events without an id of their own are named by.</summary>
    public string PostId { get; set; } = "";

    /// <summary>Why it cannot be split for now, or null.</summary>
    public string? Reason { get; set; }

    /// <summary>Who splits it, or null.</summary>
    public string? LeaseHolder { get; set; }

    /// <summary>Until when, unless renewed.</summary>
    public DateTimeOffset? LeaseUntil { get; set; }

    /// <summary>Whether its row says no more what it is of: it waits for a person.</summary>
    internal bool IsGarbled { get; set; }

    /// <summary>The post as people see it, beside the events that wait: its name is its id.</summary>
    internal UpsertRow ToUpsert() =>
        new()
        {
            PartitionKey = RowKey[..(RowKey.Length / 2)],
            RowKey = RowKey[(RowKey.Length / 2)..],
            Sender = Sender,
            AcceptedAt = AcceptedAt,
            Body = Path,
            State = UpsertState.Waiting,
            Reason = Reason,
        };

    /// <summary>The row key of the post that came in a body.</summary>
    internal static string KeyOf(string path) => path[(path.LastIndexOf('/') + 1)..];
}
