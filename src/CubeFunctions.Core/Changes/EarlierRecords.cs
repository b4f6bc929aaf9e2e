using System.Collections.Concurrent;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Changes;

/// <summary>Reads known records back from the pages in which they were last seen, each page once a call.</summary>
internal sealed class EarlierRecords(RawStore raw, RecordScanner scanner)
{
    private const int Parallel = 4;
    private readonly ConcurrentDictionary<string, WindowManifest?> _manifests = new();

    /// <summary>Hands over the records that can still be read. Pages that the lifecycle rules removed are left out.</summary>
    /// <param name="state">What is known.</param>
    /// <param name="indexes">Which of its entries.</param>
    /// <param name="take">Gets the entry's index, the record's bytes and the parts of its key; one call at a time.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task ReadAsync(ScopeState state, IEnumerable<int> indexes, Action<int, ReadOnlyMemory<byte>, string[]> take, CancellationToken cancellationToken)
    {
        var gate = new Lock();
        var pages = indexes.GroupBy(index => (state.Entries[index].Source, state.Entries[index].Page));
        await System.Threading.Tasks.Parallel.ForEachAsync(
            pages, new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken }, async (page, token) =>
            {
                using var body = await FindPageAsync(state.Sources[page.Key.Source].Manifest, page.Key.Page, token);
                if (body is not null)
                {
                    lock (gate)
                    {
                        Match(state, page, body.Bytes, take);
                    }
                }
            });
    }

    /// <summary>A stored page, or null when it is gone.</summary>
    public async Task<PooledBody?> FindPageAsync(string manifestPath, int number, CancellationToken cancellationToken)
    {
        if (!_manifests.TryGetValue(manifestPath, out var manifest))
        {
            _manifests[manifestPath] = manifest = await raw.FindManifestAsync(manifestPath, cancellationToken);
        }

        return manifest is null || number > manifest.Pages.Count ? null : await raw.FindBytesAsync(manifestPath[..^BlobPaths.ManifestName.Length] + manifest.Pages[number - 1].Name, cancellationToken);
    }

    /// <summary>Makes a manifest known that was just written, so that it need not be read.</summary>
    public void Know(string path, WindowManifest manifest) => _manifests[path] = manifest;

    private void Match(ScopeState state, IEnumerable<int> indexes, ReadOnlyMemory<byte> body, Action<int, ReadOnlyMemory<byte>, string[]> take)
    {
        // By key and content; by key alone where another Changes__IgnoreFields gave other content hashes.
        var wanted = indexes.ToLookup(index => state.Entries[index].Key);
        var found = new HashSet<int>();
        foreach (var exact in new[] { true, false })
        {
            scanner.Visit(body, digest => wanted.Contains(digest.Key), (digest, record, key) =>
            {
                foreach (var index in wanted[digest.Key])
                {
                    if (!found.Contains(index) && (!exact || state.Entries[index].Content == digest.Content))
                    {
                        found.Add(index);
                        take(index, record, key);
                        break;
                    }
                }
            });
            if (wanted.Sum(group => group.Count()) == found.Count)
            {
                return;
            }
        }
    }
}
