namespace CubeFunctions.Core.Changes;

/// <summary>What one line of a change file says of a record.</summary>
internal sealed record ChangeLine
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>What happened.</summary>
    public required ChangeOp Op { get; init; }

    /// <summary>The record's key as text.</summary>
    public required string Key { get; init; }

    /// <summary>The customer's imported id; null where it is no longer known.</summary>
    public string? CustomerId { get; init; }

    /// <summary>Names of the changed fields.</summary>
    public IReadOnlyList<string> Changed { get; init; } = [];

    /// <summary>The record as Cube sent it; empty where it is gone.</summary>
    public ReadOnlyMemory<byte> Record { get; init; }

    /// <summary>The customer, where one is joined in; else null.</summary>
    public KnownCustomer? Customer { get; init; }

    /// <summary>Labels of the record's tenant-defined fields, or null.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Labels { get; init; }

    /// <summary>Whether it is exactly what an upsert brought to Cube.</summary>
    public bool IsEcho { get; init; }
}
