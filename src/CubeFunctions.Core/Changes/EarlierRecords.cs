using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Changes;

/// <summary>Reads known records back from the pages in which they were last seen, each page once a call.</summary>
internal sealed class EarlierRecords(RawStore raw, FeedRecords records)
{
    private const int Parallel = 4;
    private readonly ConcurrentDictionary<string, WindowManifest?> _manifests = new();

    /// <summary>The feed's records.</summary>
    public FeedRecords Records => records;

    /// <summary>
    /// Hands over the records that can still be read. Pages that the lifecycle rules removed, and what is no page any more, are left out.
    /// </summary>
    /// <param name="state">What is known.</param>
    /// <param name="indexes">Which of its entries.</param>
    /// <param name="take">Gets the entry's index and the record's bytes, which are good until it returns; one call at a time.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task ReadAsync(
        ScopeState state,
        IEnumerable<int> indexes,
        Action<int, ReadOnlyMemory<byte>> take,
        CancellationToken cancellationToken
    )
    {
        var gate = new Lock();
        var pages = indexes.GroupBy(index => (state.Entries[index].Source, state.Entries[index].Page));
        await System.Threading.Tasks.Parallel.ForEachAsync(
            pages,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken },
            async (page, token) =>
            {
                using var body = await FindPageAsync(state.Sources[page.Key.Source].Manifest, page.Key.Page, token);
                if (body is not null)
                {
                    lock (gate)
                    {
                        Match(state, page, body.Bytes, take);
                    }
                }
            }
        );
    }

    /// <summary>A manifest, read once; null when it is gone.</summary>
    public async Task<WindowManifest?> FindManifestAsync(string path, CancellationToken cancellationToken) =>
        _manifests.TryGetValue(path, out var manifest) ? manifest : _manifests[path] = await raw.FindManifestAsync(path, cancellationToken);

    /// <summary>A stored page, or null when it is gone.</summary>
    public async Task<PooledBody?> FindPageAsync(string manifestPath, int number, CancellationToken cancellationToken) =>
        await FindManifestAsync(manifestPath, cancellationToken) is { } manifest && number <= manifest.Pages.Count
            ? await raw.FindBytesAsync(manifestPath[..^BlobPaths.ManifestName.Length] + manifest.Pages[number - 1].Name, cancellationToken)
            : null;

    /// <summary>Makes a manifest known that was just written, so that it need not be read.</summary>
    public void Know(string path, WindowManifest manifest) => _manifests[path] = manifest;

    private bool TryRead(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out PageRecords? page)
    {
        try
        {
            page = records.Read(body);
            return true;
        }
        catch (CubeException)
        {
            // Written over from outside.
            page = null;
            return false;
        }
    }

    private void Match(ScopeState state, IEnumerable<int> indexes, ReadOnlyMemory<byte> body, Action<int, ReadOnlyMemory<byte>> take)
    {
        // By key and content; by key alone where another Changes__IgnoreFields gave other content hashes.
        var wanted = indexes.GroupBy(index => state.Entries[index].Key).ToDictionary(group => group.Key, group => group.ToList());
        var left = wanted.Values.Sum(group => group.Count);
        if (!TryRead(body, out var page))
        {
            return;
        }

        foreach (var exact in (bool[])[true, false])
        {
            for (var i = 0; i < page.Digests.Length && left > 0; i++)
            {
                var content = page.Digests[i].Content;
                if (
                    wanted.TryGetValue(page.Digests[i].Key, out var group)
                    && group.FindIndex(index => !exact || state.Entries[index].Content == content) is >= 0 and var place
                )
                {
                    take(group[place], page.Bounds[i].Of(body));
                    group.RemoveAt(place);
                    left--;
                }
            }
        }
    }
}
