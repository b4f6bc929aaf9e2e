using Polly;

namespace CubeFunctions.Core.Cube;

/// <summary>How a request to Cube is tried.</summary>
/// <param name="Retries">How often and with what pauses a reading request is repeated.</param>
/// <param name="AttemptLimit">The most for one attempt, body included.</param>
public sealed record CubeTries(ResiliencePipeline Retries, TimeSpan AttemptLimit);
