using System.Runtime.Serialization;
using System.Text.Json;
using Azure;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Erasure;

/// <summary>Where an erasure that was asked for stands.</summary>
public enum ErasureState
{
    /// <summary>To be done, or being done.</summary>
    Waiting,

    /// <summary>Everything is erased; who it was about is being forgotten.</summary>
    Erased,

    /// <summary>Done.</summary>
    Done,

    /// <summary>Given up, with a reason.</summary>
    Failed,
}

/// <summary>An erasure that was asked for, in <c>CubeRuns</c>. It never names the person.</summary>
internal sealed class ErasureRow : IStoredRow, ILeasable
{
    /// <summary>The partition of all of them.</summary>
    public const string Partition = "erasure";

    public string PartitionKey { get; set; } = Partition;

    /// <summary>The erasure's id.</summary>
    public string RowKey { get; set; } = "";

    public DateTimeOffset? Timestamp { get; set; }

    public ETag ETag { get; set; }

    public string? WriteId { get; set; }

    /// <summary>Version of this row's format.</summary>
    public int SchemaVersion { get; set; } = 1;

    [IgnoreDataMember]
    public ErasureState State { get; set; }

    /// <summary><see cref="State"/> as the table holds it.</summary>
    [DataMember(Name = nameof(State))]
    public string StateName
    {
        get => State.ToString();
        set => State = RowEnum.Parse<ErasureState>(value);
    }

    /// <summary>When it was asked for.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When it was done, or given up.</summary>
    public DateTimeOffset? CompletedAt { get; set; }

    /// <summary>Failures in a row that count.</summary>
    public int Attempts { get; set; }

    /// <summary>When the first of them was.</summary>
    public DateTimeOffset? FailingSince { get; set; }

    /// <summary>When it is tried again.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>The last failure, or null.</summary>
    public string? Reason { get; set; }

    /// <summary>What it touched: JSON, counts alone.</summary>
    public string? Report { get; set; }

    public string? LeaseHolder { get; set; }

    public DateTimeOffset? LeaseUntil { get; set; }

    public bool IsOpen => State is ErasureState.Waiting or ErasureState.Erased;

    public ErasureReport? ReadReport() => Report is null ? null : JsonSerializer.Deserialize(Report, ErasureJson.Default.ErasureReport);
}
