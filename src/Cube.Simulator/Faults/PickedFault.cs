namespace Cube.Simulator;

/// <summary>A fault that happens to the request at hand.</summary>
internal readonly record struct PickedFault(Fault Fault, int HappenedBefore);
