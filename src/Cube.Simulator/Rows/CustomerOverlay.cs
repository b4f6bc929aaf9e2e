using System.Text.Json;

namespace Cube.Simulator.Rows;

/// <summary>A customer that was added or changed: the whole record in the early shape, never changed in place.</summary>
internal sealed record CustomerOverlay(long Id, string ImportedId, bool Anonymised, JsonElement Fields);
