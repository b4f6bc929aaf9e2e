using CubeFunctions.Core.Senders;

namespace CubeFunctions.Core.Upserts;

/// <summary>An event with its row, before it is stored.</summary>
/// <param name="Row">The row, without values.</param>
/// <param name="Values">Its values.</param>
/// <param name="IsAnswered">Whether it is one of the post's own events; false for what a merge does to another record.</param>
internal sealed record PlannedUpsert(UpsertRow Row, IReadOnlyList<SourceValue> Values, bool IsAnswered = true);
