using Azure;
using Azure.Data.Tables;

namespace CubeFunctions.Core.Delivery;

/// <summary>The lease and the failures of one stream of deliveries: a row beside them.</summary>
public sealed class DeliveryStreamRow : ITableEntity
{
    /// <summary>Row key of all streams.</summary>
    internal const string Key = "stream";

    /// <inheritdoc />
    public string PartitionKey { get; set; } = "";

    /// <inheritdoc />
    public string RowKey { get; set; } = Key;

    /// <inheritdoc />
    public DateTimeOffset? Timestamp { get; set; }

    /// <inheritdoc />
    public ETag ETag { get; set; }

    /// <summary>Version of this row's format.</summary>
    public int SchemaVersion { get; set; } = 1;

    /// <summary>Who delivers, or null.</summary>
    public string? LeaseHolder { get; set; }

    /// <summary>Until when, unless renewed.</summary>
    public DateTimeOffset? LeaseUntil { get; set; }

    /// <summary>No attempt before this.</summary>
    public DateTimeOffset? WakeAt { get; set; }

    /// <summary>Failures in a row.</summary>
    public int Failures { get; set; }

    /// <summary>Since when deliveries fail.</summary>
    public DateTimeOffset? FailingSince { get; set; }

    internal void Recover() => (Failures, FailingSince, WakeAt) = (0, null, null);
}
