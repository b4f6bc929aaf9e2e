using System.Globalization;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Storage;

/// <summary>Names of blobs. They follow from identity alone, so that doing a thing twice names the same blob.</summary>
public static class BlobPaths
{
    /// <summary>The file name of a window's manifest.</summary>
    public const string ManifestName = "_manifest.json";

    /// <summary>The folder of one window read by one run, ending in a slash.</summary>
    public static string Window(Feed feed, Scope scope, Window window, string runId) =>
        feed == FeedCatalogue.Campaigns ? $"{feed.Name}/run={runId}/" : $"{feed.Name}/{scope}/window={window.Name}/run={runId}/";

    /// <summary>A page's name below its window's folder.</summary>
    public static string Page(int attempt, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"attempt={attempt}/page-{number:D5}.json");

    /// <summary>The manifest of a run.</summary>
    public static string Run(string runId) => $"runs/{runId}.json";

    /// <summary>What is known of a scope and feed.</summary>
    public static string State(Feed feed, Scope scope) => $"{feed.Name}/{scope}";

    /// <summary>The change file of one window of one run.</summary>
    public static string Changes(Feed feed, Scope scope, DateOnly date, string runId, Window window) =>
        $"{feed.Name}/{scope}/date={date.Iso()}/run={runId}_{window.Name}.ndjson";

    /// <summary>Reads attempt and page number off a name that <see cref="Page"/> made.</summary>
    public static bool TryParsePage(string name, out int attempt, out int number)
    {
        (attempt, number) = (0, 0);
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return slash > 8
            && name.StartsWith("attempt=", StringComparison.Ordinal)
            && name[slash..].StartsWith("/page-", StringComparison.Ordinal)
            && name.EndsWith(".json", StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(8, slash - 8), NumberStyles.None, CultureInfo.InvariantCulture, out attempt)
            && int.TryParse(name.AsSpan(slash + 6, name.Length - slash - 11), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
