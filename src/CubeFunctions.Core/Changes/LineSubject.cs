namespace CubeFunctions.Core.Changes;

/// <summary>A record that a line is about.</summary>
/// <param name="Record">The record; empty where it is gone.</param>
/// <param name="CustomerKey">The customer's part of the record's key; empty where it has none.</param>
/// <param name="ImportedId">The customer's imported id by the record, or by what was known of it; null where neither says it.</param>
/// <param name="IsJoined">Whether the customer's record may stand beside it.</param>
internal readonly record struct LineSubject(ReadOnlyMemory<byte> Record, string CustomerKey, string? ImportedId, bool IsJoined);

/// <summary>What stands beside a record.</summary>
/// <param name="CustomerId">The customer's imported id; null where it is no longer known.</param>
/// <param name="Customer">The customer, where one is joined in.</param>
/// <param name="Labels">Labels of the record's tenant-defined fields, or null.</param>
internal readonly record struct LineExtras(
    string? CustomerId,
    KnownCustomer? Customer,
    IReadOnlyList<KeyValuePair<string, string>>? Labels
);
