using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>Takes a person out of the stored pages of one scope and feed. The caller has the lease.</summary>
/// <remarks>
/// New pages first, under an attempt of their own; then the manifest that names them, over the old one by ETag; then the old pages go. A
/// crash in between leaves a manifest whose pages are all there, and pages that no manifest names: the next try removes those.
/// </remarks>
internal sealed class WindowEraser(RawStore raw, SearchedScope searched)
{
    private const int Parallelism = 8;
    private readonly Lock _gate = new();

    /// <summary>Looks through a window. Changes nothing.</summary>
    public async Task<WindowScan> ScanAsync(WindowFolder folder, CancellationToken cancellationToken)
    {
        var scan = new WindowScan(folder);
        var manifest = folder.HasManifest ? await raw.FindManifestAsync(folder.ManifestPath, cancellationToken) : null;
        var named = manifest?.Pages.Select(page => page.Name).ToList() ?? [];
        var unnamed = folder.Pages.Except(named).ToList();
        var pages = named.Select((name, place) => (Name: name, Place: place)).Concat(unnamed.Select(name => (Name: name, Place: -1)));
        await Parallel.ForEachAsync(
            pages,
            new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            async (page, token) =>
            {
                using var body = await raw.FindBytesAsync(folder.Path + page.Name, token);
                if (body is not null && searched.Records.Search.MayHold(body.Bytes.Span))
                {
                    Note(scan, page.Name, page.Place, body.Bytes.Span);
                }
            }
        );
        if (manifest is not null && !scan.IsEmpty)
        {
            // Among them pages that an erasure wrote which did not come to its manifest: none of them is needed.
            scan.Deleted.InsertRange(0, unnamed.Except(scan.Deleted).ToList());
        }

        scan.Hits.Sort();
        return scan;
    }

    /// <summary>Removes what a look through a window found.</summary>
    /// <returns>How many records went.</returns>
    public async Task<int> ApplyAsync(WindowScan scan, CancellationToken cancellationToken)
    {
        var old = new List<string>();
        var removed = 0;
        if (
            scan.Hits.Count > 0
            && await raw.FindManifestToReplaceAsync(scan.Folder.ManifestPath, cancellationToken) is var (manifest, etag)
        )
        {
            var pages = manifest.Pages.ToArray();
            foreach (var place in scan.Hits)
            {
                old.Add(pages[place].Name);
                pages[place] = await RewriteAsync(scan.Folder, pages[place], cancellationToken);
            }

            removed = (int)(manifest.Records - pages.Sum(page => (long)page.Records));
            manifest = manifest with
            {
                Pages = pages,
                Records = manifest.Records - removed,
                Bytes = pages.Sum(page => page.Bytes),
                DistinctKeys = manifest.DistinctKeys - scan.LostKeys,
                Redacted = true,
            };
            if (!await raw.TryReplaceManifestAsync(scan.Folder.ManifestPath, manifest, etag, cancellationToken))
            {
                throw new ErasureBusyException($"a manifest of {searched.Feed} was replaced by another worker");
            }
        }

        // Pages that hold the person go last: as long as one is left, the next try looks at this window again.
        foreach (var name in scan.Deleted.Concat(old))
        {
            await raw.DeleteAsync(scan.Folder.Path + name, cancellationToken);
        }

        return removed;
    }

    private void Note(WindowScan scan, string name, int place, ReadOnlySpan<byte> page)
    {
        var without = PageRedaction.Without(searched.Feed, page, searched.Records);
        lock (_gate)
        {
            if (place < 0)
            {
                if (without is not null)
                {
                    scan.Deleted.Add(name);
                }

                return;
            }

            var left = without ?? page;
            scan.Note(PageReader.Read(searched.Feed, page).KeyHashes, PageReader.Read(searched.Feed, left).KeyHashes);
            if (without is not null)
            {
                scan.Hits.Add(place);
            }
        }
    }

    private async Task<ManifestPage> RewriteAsync(WindowFolder folder, ManifestPage page, CancellationToken cancellationToken)
    {
        using var body = await raw.FindBytesAsync(folder.Path + page.Name, cancellationToken);
        if (
            body is null
            || PageRedaction.Without(searched.Feed, body.Bytes.Span, searched.Records) is not { } without
            || !BlobPaths.TryParsePage(page.Name, out _, out var number)
        )
        {
            // Removed meanwhile by the lifecycle rules.
            return page;
        }

        var name = BlobPaths.Page(folder.NextAttempt, number);
        using var stream = new MemoryStream(without, writable: false);
        await raw.WritePageAsync(folder.Path + name, stream, cancellationToken);
        return new ManifestPage(name, PageReader.Read(searched.Feed, without).Records, without.Length, ManifestPage.HashOf(without));
    }
}
