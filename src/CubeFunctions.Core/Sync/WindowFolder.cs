using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>What is stored of one window that one run read.</summary>
/// <param name="Path">The folder, ending in a slash.</param>
/// <param name="HasManifest">Whether it is complete.</param>
/// <param name="Pages">Names of all its pages, also of those that no manifest names.</param>
internal sealed record WindowFolder(string Path, bool HasManifest, IReadOnlyList<string> Pages)
{
    public string ManifestPath => Path + BlobPaths.ManifestName;

    /// <summary>A number above those of all attempts that stored a page here.</summary>
    public int NextAttempt => Pages.Max(page => BlobPaths.TryParsePage(page, out var attempt, out _) ? attempt : 0) + 1;

    /// <summary>Sorts the names of a scope's blobs into windows.</summary>
    public static IEnumerable<WindowFolder> Of(IEnumerable<string> names) =>
        from name in names
        let run = name.IndexOf("/run=", StringComparison.Ordinal)
        let end = run < 0 ? -1 : name.IndexOf('/', run + 1) + 1
        where end > 0
        group name[end..] by name[..end] into window
        select new WindowFolder(
            window.Key,
            window.Contains(BlobPaths.ManifestName),
            [.. window.Where(name => BlobPaths.TryParsePage(name, out _, out _))]
        );
}
