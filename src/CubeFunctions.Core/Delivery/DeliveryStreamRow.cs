using Azure;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Delivery;

/// <summary>
/// One stream's lease and its failures: a row of <c>CubeChanges</c> beside those of its deliveries, so that both change together or not at
/// all.
/// </summary>
public sealed class DeliveryStreamRow : IStoredRow, ILeasable
{
    /// <summary>Its row key.</summary>
    public const string Key = "stream";

    /// <inheritdoc />
    public string PartitionKey { get; set; } = "";

    /// <inheritdoc />
    public string RowKey { get; set; } = Key;

    /// <inheritdoc />
    public DateTimeOffset? Timestamp { get; set; }

    /// <inheritdoc />
    public ETag ETag { get; set; }

    /// <inheritdoc />
    public string? WriteId { get; set; }

    /// <summary>Version of this row's format.</summary>
    public int SchemaVersion { get; set; } = 1;

    /// <inheritdoc />
    public string? LeaseHolder { get; set; }

    /// <inheritdoc />
    public DateTimeOffset? LeaseUntil { get; set; }

    /// <summary>No attempt before this.</summary>
    public DateTimeOffset? WakeAt { get; set; }

    /// <summary>Failures in a row.</summary>
    public int Failures { get; set; }

    /// <summary>Since when deliveries fail.</summary>
    public DateTimeOffset? FailingSince { get; set; }

    internal FailureHistory History => new(Failures, FailingSince);

    /// <summary>Something was delivered, or a person has asked for another full time of tries.</summary>
    internal void Recover() => (Failures, FailingSince, WakeAt) = (0, null, null);
}
