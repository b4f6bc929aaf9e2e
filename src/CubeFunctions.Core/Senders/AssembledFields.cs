namespace CubeFunctions.Core.Senders;

/// <summary>What can be sent to Cube of a customer's values.</summary>
/// <param name="Fields">Field to JSON scalar, joined and with the map's constants; empty where nothing is ready.</param>
/// <param name="Incomplete">Joined fields that lack a part: they wait for it.</param>
public sealed record AssembledFields(IReadOnlyDictionary<string, string> Fields, IReadOnlyList<string> Incomplete);
