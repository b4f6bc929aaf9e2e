namespace CubeFunctions.Core.Changes;

/// <summary>A change file that is there.</summary>
/// <param name="Path">Where, in <c>cube-changes</c>.</param>
/// <param name="Attempt">The claim that wrote it: files of one scope and feed are in order by it.</param>
/// <param name="Changes">How many of its lines carry a record.</param>
/// <param name="BaselineRecords">How many records its baseline lines stand for.</param>
/// <param name="Causes">Upserts that wrote to its customers since the reading before; a bounded number.</param>
internal sealed record PublishedChangeFile(
    string Path,
    int Attempt,
    int Changes,
    int BaselineRecords,
    IReadOnlyCollection<UpsertCause> Causes
);

/// <summary>An upsert that wrote to the customer of a change.</summary>
/// <param name="Traceparent">W3C trace context in which it was written to Cube.</param>
/// <param name="Change">The change's id.</param>
internal sealed record UpsertCause(string Traceparent, string Change);
