using System.Collections.Concurrent;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>A page that is stored.</summary>
internal sealed record StoredPage(int Number, int Attempt);

/// <summary>
/// The stored pages and the manifest of one window of one run. Pages that no manifest names are removed at the end, by the worker that ends
/// it.
/// </summary>
/// <param name="raw">The container.</param>
/// <param name="folder">The window's folder.</param>
/// <param name="resumes">Whether another claim may have left pages, which only a listing shows.</param>
internal sealed class WindowArchive(RawStore raw, string folder, bool resumes)
{
    /// <summary>Names of the pages that this claim stored.</summary>
    private readonly ConcurrentBag<string> _own = [];

    /// <summary>Pages that earlier claims stored.</summary>
    public List<StoredPage> Found { get; } = [];

    public string ManifestPath => folder + BlobPaths.ManifestName;

    /// <summary>Finds what earlier claims stored.</summary>
    /// <returns>The manifest, where one of them got that far.</returns>
    public async Task<WindowManifest?> OpenAsync(CancellationToken cancellationToken)
    {
        if (!resumes)
        {
            return null;
        }

        var hasManifest = false;
        await foreach (var name in raw.ListAsync(folder, cancellationToken))
        {
            if (name == BlobPaths.ManifestName)
            {
                hasManifest = true;
            }
            else if (BlobPaths.TryParsePage(name, out var attempt, out var number))
            {
                Found.Add(new StoredPage(number, attempt));
            }
        }

        return hasManifest ? await raw.FindManifestAsync(ManifestPath, cancellationToken) : null;
    }

    public async Task WriteAsync(int attempt, int number, PooledBody body, CancellationToken cancellationToken)
    {
        var name = BlobPaths.Page(attempt, number);
        _own.Add(name);
        await raw.WritePageAsync(folder + name, body, cancellationToken);
    }

    /// <summary>Stores a page of an earlier reading as one of this.</summary>
    /// <returns>False where it is gone.</returns>
    public Task<bool> CopyAsync(string earlier, int attempt, int number, CancellationToken cancellationToken)
    {
        var name = BlobPaths.Page(attempt, number);
        _own.Add(name);
        return raw.CopyPageAsync(earlier, folder + name, cancellationToken);
    }

    public string PathOf(StoredPage page) => folder + BlobPaths.Page(page.Attempt, page.Number);

    /// <summary>A stored page; null where it is gone.</summary>
    public Task<PooledBody?> FindAsync(string path, CancellationToken cancellationToken) => raw.FindBytesAsync(path, cancellationToken);

    /// <summary>Whether every page of an earlier reading is still there, and of its size.</summary>
    public async Task<bool> IsWholeAsync(EarlierReading reading, CancellationToken cancellationToken)
    {
        var sizes = await raw.FindSizesAsync(reading.Folder, cancellationToken);
        return reading.Manifest.Pages.All(page => sizes.GetValueOrDefault(page.Name, -1) == page.Bytes);
    }

    /// <summary>Writes the manifest, then removes the pages that it does not name.</summary>
    /// <returns>The manifest that counts: a worker that lost its lease may have been quicker.</returns>
    public async Task<WindowManifest> CompleteAsync(WindowManifest manifest, CancellationToken cancellationToken)
    {
        if (!await raw.TryWriteAsync(ManifestPath, manifest, ManifestJson.Default.WindowManifest, cancellationToken))
        {
            manifest = await raw.FindManifestAsync(ManifestPath, cancellationToken) ?? manifest;
        }

        await RemoveAsync((await NamesAsync(cancellationToken)).Except(manifest.Pages.Select(static page => page.Name)), cancellationToken);
        return manifest;
    }

    /// <summary>Removes all pages, unless there is a manifest that names them.</summary>
    /// <returns>That manifest; null as a rule.</returns>
    public async Task<WindowManifest?> AbandonAsync(CancellationToken cancellationToken)
    {
        var names = await NamesAsync(cancellationToken);
        if (names.Count == 0)
        {
            return null;
        }

        // A stalled worker may have written it meanwhile.
        var manifest = await raw.FindManifestAsync(ManifestPath, cancellationToken);
        await RemoveAsync(names.Except(manifest?.Pages.Select(static page => page.Name) ?? []), cancellationToken);
        return manifest;
    }

    private async Task<HashSet<string>> NamesAsync(CancellationToken cancellationToken)
    {
        const string Attempts = "attempt=";
        return resumes
            ? await raw.ListAsync(folder + Attempts, cancellationToken)
                .Select(static name => Attempts + name)
                .ToHashSetAsync(cancellationToken: cancellationToken)
            : [.. _own];
    }

    private async Task RemoveAsync(IEnumerable<string> names, CancellationToken cancellationToken)
    {
        foreach (var name in names)
        {
            await raw.DeleteAsync(folder + name, cancellationToken);
        }
    }
}
