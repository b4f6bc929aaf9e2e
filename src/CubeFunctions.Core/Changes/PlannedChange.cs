namespace CubeFunctions.Core.Changes;

/// <summary>A difference that was found.</summary>
/// <param name="Op">What happened.</param>
/// <param name="Old">Index of the known record, or -1.</param>
/// <param name="New">Index of the record of the window, or -1.</param>
internal readonly record struct PlannedChange(ChangeOp Op, int Old, int New);
