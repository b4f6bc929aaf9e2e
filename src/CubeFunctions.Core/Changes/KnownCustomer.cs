namespace CubeFunctions.Core.Changes;

/// <summary>A customer's record as last read.</summary>
/// <param name="Record">The record as Cube sent it.</param>
/// <param name="ImportedId">The id that was imported; null where Cube has anonymised the person.</param>
/// <param name="ReadAt">When Cube was read.</param>
internal sealed record KnownCustomer(ReadOnlyMemory<byte> Record, string? ImportedId, DateTimeOffset ReadAt);
