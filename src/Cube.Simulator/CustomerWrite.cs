using System.Text.Json.Nodes;

namespace Cube.Simulator;

/// <summary>A PUT or POST that was done, whatever was then answered.</summary>
/// <param name="Method">PUT or POST.</param>
/// <param name="AssignmentId">The assignment.</param>
/// <param name="InternalId">Cube's id of the customer that was written.</param>
/// <param name="ImportedId">The imported id of the customer that was written.</param>
/// <param name="Body">The body as sent.</param>
public sealed record CustomerWrite(string Method, int AssignmentId, long InternalId, string ImportedId, JsonObject Body);
