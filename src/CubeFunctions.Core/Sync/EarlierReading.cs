using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>The last proven reading of a window, young enough to stand for it.</summary>
internal sealed record EarlierReading(Reading Reading, WindowManifest Manifest)
{
    /// <summary>
    /// A reading older than this is stored again even when it is the same, so that its pages never outlive the lifecycle rules.
    /// </summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromDays(7);

    /// <summary>The folder of its pages.</summary>
    public string Folder => Reading.Manifest[..^BlobPaths.ManifestName.Length];

    public bool Holds(int number, string sha256) => number <= Manifest.Pages.Count && Manifest.Pages[number - 1].Sha256 == sha256;

    /// <summary>
    /// The page as it was, where one of its bytes need not be parsed: each of the reading's records has a key of its own, so that what is
    /// known of it says all that a proof needs.
    /// </summary>
    public KnownPage? Find(int number) =>
        number <= Manifest.Pages.Count && Manifest.DistinctKeys == Manifest.Records
            ? new KnownPage(Manifest.Pages[number - 1].Sha256, Manifest.Pages[number - 1].Records)
            : null;

    public string PathOf(int number) => Folder + Manifest.Pages[number - 1].Name;

    /// <summary>Whether a crawl found the same pages byte for byte.</summary>
    public bool IsSameAs(IReadOnlyList<CrawledPage> pages) =>
        pages.Count == Manifest.Pages.Count && pages.All(static page => page.IsUnchanged);
}
