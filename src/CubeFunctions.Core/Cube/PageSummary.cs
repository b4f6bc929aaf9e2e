namespace CubeFunctions.Core.Cube;

/// <summary>What is read off a page without keeping its records.</summary>
/// <param name="Count">The total that the page gives; for a bare array its own length.</param>
/// <param name="Next">The address of the next page as Cube wrote it, or null on the last.</param>
/// <param name="Records">How many records the page holds.</param>
/// <param name="KeyHashes">A 64-bit hash of each record's key, without those that have none.</param>
/// <param name="KeylessRecords">Records whose key is empty.</param>
/// <param name="Content">The sum of the 128-bit hashes of all records: equal for equal records in any order.</param>
public sealed record PageSummary(long Count, string? Next, int Records, ulong[] KeyHashes, int KeylessRecords, Hash128 Content)
{
    /// <summary>Both ids of each customer; empty for feeds that are no list of customers.</summary>
    public CustomerKey[] Customers { get; init; } = [];
}

/// <summary>The two ids of one customer.</summary>
/// <param name="ImportedHash">A 64-bit hash of the imported id, as text.</param>
/// <param name="InternalId">Cube's own id; 0 where the record has none.</param>
public readonly record struct CustomerKey(ulong ImportedHash, long InternalId);
