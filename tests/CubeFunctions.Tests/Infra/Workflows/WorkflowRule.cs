namespace CubeFunctions.Tests.Infra.Workflows;

/// <summary>Something about the workflows that must never regress, by name.</summary>
/// <param name="Name">Says what holds.</param>
/// <param name="Faults">What does not hold, of the workflows by the names of their files; empty when all is well.</param>
internal sealed record WorkflowRule(string Name, Func<IReadOnlyDictionary<string, object?>, IEnumerable<string>> Faults);
