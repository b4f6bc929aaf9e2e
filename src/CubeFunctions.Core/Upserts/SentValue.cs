namespace CubeFunctions.Core.Upserts;

/// <summary>A value that was sent to Cube: what of it comes back in a snapshot is an echo, and not told to the CRM.</summary>
/// <param name="Json">The value as JSON.</param>
/// <param name="From">Before it was sent.</param>
/// <param name="Until">After Cube took it; null while that is not known.</param>
internal sealed record SentValue(string Json, DateTimeOffset From, DateTimeOffset? Until)
{
    /// <summary>A request that was not answered was over by then: longer than any lease of a mailbox by default.</summary>
    private static readonly TimeSpan LongestWrite = TimeSpan.FromMinutes(2);

    /// <summary>When it was in Cube at the latest, if it came there at all.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public DateTimeOffset Latest => Until ?? From + LongestWrite;
}
