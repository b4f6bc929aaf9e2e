namespace CubeFunctions.Core.Model;

/// <summary>
/// Which members identify a record. Each part is a list of alternatives, since generations and tenants name the same thing
/// differently: the first that is present and not empty counts. A record whose first part is empty has no key.
/// </summary>
/// <param name="Unique">Whether Cube keeps the key unique. Responses and SMS have no id: equal keys can be two true records.</param>
/// <param name="Parts">The parts, the identifying one first.</param>
public sealed record RecordKey(bool Unique, params IReadOnlyList<IReadOnlyList<string>> Parts);
