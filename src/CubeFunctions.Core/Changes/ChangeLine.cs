namespace CubeFunctions.Core.Changes;

/// <summary>What one line of a change file says.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Op">What happened.</param>
/// <param name="Key">The record's key as text.</param>
/// <param name="Changed">Names of the changed fields.</param>
/// <param name="Record">The record as Cube sent it; empty where it is gone.</param>
/// <param name="Customer">The customer's record, where it is joined in; else empty.</param>
/// <param name="Labels">Labels of the record's tenant-defined fields, or null.</param>
/// <param name="IsEcho">Whether it is exactly what an upsert brought to Cube.</param>
internal readonly record struct ChangeLine(
    string Id, ChangeOp Op, string Key, IReadOnlyList<string> Changed, ReadOnlyMemory<byte> Record, ReadOnlyMemory<byte> Customer, IReadOnlyList<KeyValuePair<string, string>>? Labels,
    bool IsEcho = false);
