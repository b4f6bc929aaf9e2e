namespace CubeFunctions.Core.Upserts;

/// <summary>A value that was sent to Cube: what of it comes back in a snapshot is an echo, and is not published to the CRM.</summary>
/// <param name="Json">The value as JSON.</param>
/// <param name="Latest">
/// When it was in Cube at the latest, if it came there at all: when Cube took it, or the end of the lease under which it was sent.
/// </param>
/// <param name="IsTaken">Whether Cube took it; else that is not known.</param>
internal sealed record SentValue(string Json, DateTimeOffset Latest, bool IsTaken);
