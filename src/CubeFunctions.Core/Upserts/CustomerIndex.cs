using System.Collections.Concurrent;
using Azure;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>What the newest proven snapshot says of an imported id.</summary>
/// <param name="Snapshot">False when there is no snapshot yet.</param>
/// <param name="Matches">How many customers have the id.</param>
/// <param name="InternalId">Cube's own id of the one that has it; 0 where the tenant gives none.</param>
/// <param name="IsShort">
/// Whether the list is short of Cube's count and kept as a gap: a customer that it lacks may be among those that Cube does not give.
/// </param>
internal readonly record struct IndexAnswer(bool Snapshot, int Matches, long InternalId, bool IsShort = false);

/// <summary>
/// The map from imported ids to Cube's own, an assignment a blob in <c>cube-state</c>; see <see cref="CustomerIndexFile"/>. Two ids with
/// one hash show as two matches or as the wrong record, which delivery reads and compares before it writes.
/// </summary>
public sealed class CustomerIndex
{
    /// <summary>
    /// How long a loaded index is used where it finds exactly one customer: the record is read and compared before anything is written to
    /// it. Where it turns out to be another one, the next attempt comes after this.
    /// </summary>
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long it is used for every other answer: nobody is created, refused or kept waiting where another process has just written a
    /// newer one.
    /// </summary>
    private static readonly TimeSpan DoubtfulFor = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of one request where only the ends of the file are looked at.</summary>
    private const int ReadAhead = 64 * 1024;
    private readonly ConcurrentDictionary<string, CachedValue<Loaded>> _known = new(StringComparer.Ordinal);
    private readonly OptimisticBlobs _blobs;
    private readonly TimeProvider _time;

    /// <summary>Uses <c>cube-state</c>.</summary>
    public CustomerIndex(StorageClients storage, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(storage);
        (_blobs, _time) = (new(storage.State), time);
    }

    /// <summary>Stores the index of a snapshot that is proven, or kept as a gap.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="basis">The state that it replaces: as it was when the lease of the assignment's customers was taken.</param>
    /// <param name="pages">Its pages, in order.</param>
    /// <param name="before">The index that has those without customers; null where there are none.</param>
    /// <param name="isShort">Whether it is kept as a gap: then the index before also has the customers that it lacks.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Its new state.</returns>
    /// <exception cref="LeaseLostException">Another worker has written it since, of a newer snapshot.</exception>
    internal async Task<ETag> SaveAsync(
        string assignmentId,
        ETag basis,
        IReadOnlyList<IndexedPage> pages,
        CustomerIndexFile? before,
        bool isShort,
        CancellationToken cancellationToken
    )
    {
        await using var file = CustomerIndexFile.Write(pages, before, isShort);
        return await TrySaveAsync(assignmentId, basis, file, cancellationToken) ?? throw new LeaseLostException();
    }

    /// <summary>The state of the stored index; default where there is none.</summary>
    internal async Task<ETag> FindStateAsync(string assignmentId, CancellationToken cancellationToken) =>
        (await _blobs.FindPropertiesAsync(PathOf(assignmentId), cancellationToken))?.ETag ?? default;

    /// <summary>Whether the stored index is one, and of these pages. Its pairs are not read.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="pages">SHA-256 of the pages, in order.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal async Task<bool> IsOfAsync(string assignmentId, IReadOnlyList<string> pages, CancellationToken cancellationToken)
    {
        await using var file = await _blobs.OpenAtAsync(PathOf(assignmentId), 0, ReadAhead, cancellationToken);
        return file is not null && await CustomerIndexFile.IsOfAsync(file, pages, cancellationToken);
    }

    /// <summary>The stored index as it is now, in no more memory than it takes; null where there is none.</summary>
    internal async Task<CustomerIndexFile?> ReadAsync(string assignmentId, CancellationToken cancellationToken) =>
        (await ReadWithStateAsync(assignmentId, cancellationToken)).File;

    /// <summary>The stored index, as it was a moment ago; null where there is none.</summary>
    internal Task<CustomerIndexFile?> FindAsync(string assignmentId, CancellationToken cancellationToken) =>
        FindAsync(assignmentId, _time.GetUtcNow() - DoubtfulFor, cancellationToken);

    /// <summary>Whether an assignment has a snapshot.</summary>
    internal async Task<bool> HasSnapshotAsync(string assignmentId, CancellationToken cancellationToken) =>
        (await FindAsync(assignmentId, DateTimeOffset.MinValue, cancellationToken) ?? await FindAsync(assignmentId, cancellationToken))
            is not null;

    /// <summary>Takes an imported id out. Only the holder of the lease of the assignment's customers may call it.</summary>
    /// <returns>How many pairs went.</returns>
    internal async Task<int> RemoveAsync(string assignmentId, string customerId, CancellationToken cancellationToken)
    {
        var gone = CustomerIds.HashOf(customerId);
        while (true)
        {
            var (before, state) = await ReadWithStateAsync(assignmentId, cancellationToken);
            if (before is null || Enumerable.Range(0, before.Count).Count(place => before.HashAt(place) == gone) is not (> 0 and var count))
            {
                return 0;
            }

            await using var file = before.WriteWithout(gone);
            if (await TrySaveAsync(assignmentId, state, file, cancellationToken) is not null)
            {
                return count;
            }
        }
    }

    /// <summary>Whether the stored index, as it is now, holds an imported id.</summary>
    internal async Task<bool> HoldsAsync(string assignmentId, string customerId, CancellationToken cancellationToken)
    {
        _known.TryRemove(assignmentId, out _);
        return (await FindAsync(assignmentId, customerId, cancellationToken)).Matches > 0;
    }

    /// <summary>Looks an imported id up.</summary>
    internal async Task<IndexAnswer> FindAsync(string assignmentId, string customerId, CancellationToken cancellationToken)
    {
        var wanted = CustomerIds.HashOf(customerId);
        var known = Find(await FindAsync(assignmentId, DateTimeOffset.MinValue, cancellationToken), wanted);
        return known.Matches == 1 ? known : Find(await FindAsync(assignmentId, cancellationToken), wanted);
    }

    private static IndexAnswer Find(CustomerIndexFile? index, ulong wanted)
    {
        if (index is null)
        {
            return default;
        }

        var (low, high) = (0, index.Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = index.HashAt(middle) < wanted ? (middle + 1, high) : (low, middle);
        }

        // A list that is proven by two readings may have a record twice; where the tenant gives no ids of its own each counts.
        var matches = 0;
        for (var i = low; i < index.Count && index.HashAt(i) == wanted; i++)
        {
            matches += i == low || index.InternalAt(i) == 0 || index.InternalAt(i) != index.InternalAt(i - 1) ? 1 : 0;
        }

        return new IndexAnswer(true, matches, matches == 0 ? 0 : index.InternalAt(low), index.IsShort);
    }

    /// <summary>The stored index as it was at most <see cref="FreshFor"/> ago and after an instant; null where there was none.</summary>
    private async Task<CustomerIndexFile?> FindAsync(string assignmentId, DateTimeOffset after, CancellationToken cancellationToken) =>
        (
            await _known
                .GetOrAdd(assignmentId, id => new((before, token) => ReadAsync(id, before?.Value, token), FreshFor, _time))
                .GetAsync(after, cancellationToken)
        )
            .Value
            .File;

    private static string PathOf(string assignmentId) => $"customer-index/assignment={assignmentId}";

    private async Task<(CustomerIndexFile? File, ETag State)> ReadWithStateAsync(string assignmentId, CancellationToken cancellationToken)
    {
        using var found = await _blobs.OpenAsync(PathOf(assignmentId), cancellationToken);
        if (found is null)
        {
            return default;
        }

        var bytes = new byte[found.Details.ContentLength];
        await found.Content.ReadExactlyAsync(bytes, cancellationToken);
        return (CustomerIndexFile.Read(bytes), found.Details.ETag);
    }

    /// <returns>The new state; null where it is not as it was read.</returns>
    private async Task<ETag?> TrySaveAsync(string assignmentId, ETag basis, Stream file, CancellationToken cancellationToken)
    {
        var written = await _blobs.SaveAsync(
            PathOf(assignmentId),
            new BlobBody(file, "application/octet-stream"),
            basis,
            cancellationToken
        );
        _known.TryRemove(assignmentId, out _);
        return written.IsSaved ? written.ETag : null;
    }

    private async Task<Loaded> ReadAsync(string assignmentId, Loaded? before, CancellationToken cancellationToken)
    {
        var blob = await _blobs.FindAsync(PathOf(assignmentId), before?.ETag ?? default, cancellationToken);
        if (blob is { IsUnchanged: true })
        {
            return before!;
        }

        return blob?.Data is { } data && CustomerIndexFile.Read(data.ToArray()) is { } file
            ? new Loaded(file, blob.ETag)
            : new Loaded(null, default);
    }

    private sealed record Loaded(CustomerIndexFile? File, ETag ETag);
}
