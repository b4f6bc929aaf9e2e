using Azure;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>A stored post of many events in <c>CubeUpserts</c> that is not split into their rows yet.</summary>
public sealed class PostRow : IStoredRow
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

    /// <summary>Failures of splitting in a row.</summary>
    public int Attempts { get; set; }

    /// <summary>The row key of the post that came in a body.</summary>
    internal static string KeyOf(string path) => path[(path.LastIndexOf('/') + 1)..];
}
