using Azure;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// Deletions of one feed and scope that are held back: a row of <c>CubeChanges</c> with the columns of a delivery, so that both are listed
/// as one.
/// </summary>
internal sealed class HeldBackRow : IStoredRow
{
    /// <summary>The partition of all such rows. Their row keys are the names of streams.</summary>
    public const string Partition = "held-back";

    /// <summary>Value of <see cref="State"/> until a person has released the deletions.</summary>
    public const string Held = "Dead";

    /// <summary>Value of <see cref="State"/> once a person has.</summary>
    public const string Released = "Waiting";

    public string PartitionKey { get; set; } = Partition;

    public string RowKey { get; set; } = "";

    public DateTimeOffset? Timestamp { get; set; }

    public ETag ETag { get; set; }

    public string? WriteId { get; set; }

    /// <summary>Version of this row's format.</summary>
    public int SchemaVersion { get; set; } = 1;

    /// <summary><see cref="Held"/> or <see cref="Released"/>.</summary>
    public string State { get; set; } = Held;

    /// <summary>How many records are absent.</summary>
    public int Changes { get; set; }

    /// <summary>Whether all known records are.</summary>
    public bool IsEmpty { get; set; }

    /// <summary>When they were first held back.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When they were last held back.</summary>
    public DateTimeOffset? CompletedAt { get; set; }

    /// <summary>What was seen, and how to release it.</summary>
    public string? Reason { get; set; }

    /// <summary>Whether a person has released them.</summary>
    internal bool IsReleased => State == Released;
}
