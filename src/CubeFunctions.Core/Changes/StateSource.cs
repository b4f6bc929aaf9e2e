namespace CubeFunctions.Core.Changes;

/// <summary>A proven reading that known records were last seen in, or that was compared.</summary>
/// <param name="Manifest">Path of its manifest in <c>cube-raw</c>.</param>
/// <param name="From">First day, or null for a snapshot.</param>
/// <param name="To">Last day, or null.</param>
/// <param name="At">When Cube was read: an older reading is never compared with a younger one.</param>
/// <param name="Run">The run that compared it last.</param>
/// <param name="StartedAt">When its first request was made: what was written to Cube before that was in it.</param>
internal sealed record StateSource(string Manifest, DateOnly? From, DateOnly? To, DateTimeOffset At, string Run, DateTimeOffset StartedAt);
