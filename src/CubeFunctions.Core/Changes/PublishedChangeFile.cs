namespace CubeFunctions.Core.Changes;

/// <summary>A change file that is there.</summary>
/// <param name="Path">Where, in <c>cube-changes</c>.</param>
/// <param name="Attempt">The claim that wrote it: files of one scope and feed are in order by it.</param>
/// <param name="Changes">How many of its lines carry a record.</param>
/// <param name="BaselineRecords">How many records its baseline lines stand for.</param>
/// <param name="Causes">W3C trace contexts of upserts that wrote to its customers since the reading before; a bounded number.</param>
internal sealed record PublishedChangeFile(string Path, int Attempt, int Changes, int BaselineRecords, IReadOnlyCollection<string> Causes);
