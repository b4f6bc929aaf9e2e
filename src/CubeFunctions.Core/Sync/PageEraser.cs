using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>Takes a person out of the stored pages of a scope and feed.</summary>
internal sealed class PageEraser(RawStore raw) : IPersonalData
{
    /// <inheritdoc />
    public IReadOnlyList<StorageResource> Covers { get; } = [new(StorageKind.Container, StorageNames.Raw)];

    /// <inheritdoc />
    public async Task<EraseFound?> FindAsync(PersonSearch search, CancellationToken cancellationToken)
    {
        if (search.Place is not { } place)
        {
            return null;
        }

        var windows = new WindowEraser(raw, place);
        var scans = new List<WindowScan>();
        foreach (
            var folder in WindowFolder.Of(
                await raw.ListAsync(place.Folder, cancellationToken).Select(name => place.Folder + name).ToListAsync(cancellationToken)
            )
        )
        {
            if (await windows.ScanAsync(folder, cancellationToken) is { IsEmpty: false } scan)
            {
                scans.Add(scan);
            }
        }

        // Records of the imported id may name an internal one that was not known.
        foreach (var id in place.Records.Learned)
        {
            search.Person.Learn(id);
        }

        search.Tally.Add(Erased.LeftAlone, place.Records.LeftAlone);
        search.Tally.Add(Erased.OtherKindOfId, place.Records.OtherKindOfId);
        return scans.Count == 0 ? null : token => EraseAsync(windows, scans, search.Tally, token);
    }

    private static async Task EraseAsync(
        WindowEraser windows,
        List<WindowScan> scans,
        ErasureTally tally,
        CancellationToken cancellationToken
    )
    {
        foreach (var scan in scans)
        {
            tally.Add(Erased.Records, await windows.ApplyAsync(scan, cancellationToken));
            tally.Add(Erased.Pages, scan.Hits.Count);
            tally.Add(Erased.Manifests, scan.Hits.Count > 0 ? 1 : 0);
            tally.Add(Erased.Leftovers, scan.Deleted.Count);
        }
    }
}
