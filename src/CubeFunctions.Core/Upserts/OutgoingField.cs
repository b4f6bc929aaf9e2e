namespace CubeFunctions.Core.Upserts;

/// <summary>A field on its way to Cube.</summary>
/// <param name="Json">A JSON scalar.</param>
/// <param name="Stamp">The newest event that it comes from.</param>
/// <param name="Values">The pending values that it is made of: several for a joined field.</param>
/// <param name="Parts">The parts that it is joined of, pending or remembered; empty for a whole value.</param>
internal sealed record OutgoingField(string Json, MailStamp Stamp, IReadOnlyList<PendingValue> Values, IReadOnlyList<MailPart> Parts);
