using System.Buffers.Binary;
using System.Collections.Concurrent;
using Azure;
using Azure.Storage.Blobs.Models;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>What the newest proven snapshot says of an imported id.</summary>
/// <param name="Snapshot">False when there is no snapshot yet.</param>
/// <param name="Matches">How many customers have the id.</param>
/// <param name="InternalId">Cube's own id of the one that has it; 0 where the tenant gives none.</param>
internal readonly record struct IndexAnswer(bool Snapshot, int Matches, long InternalId);

/// <summary>
/// The map from imported ids to Cube's own, an assignment a blob in <c>cube-state</c>: pairs of a 64-bit hash of the imported id and
/// the internal id, sorted by hash. Two ids with one hash show as two matches or as the wrong record, which delivery reads and compares
/// before it writes.
/// </summary>
/// <remarks>
/// Format, version 1, little endian: <c>CIDX</c>, version (4 bytes), number of pairs (8 bytes), then the pairs (16 bytes each).
/// </remarks>
public sealed class CustomerIndex
{
    private const int HeaderBytes = 16;
    private const int PairBytes = 16;
    private const int Version = 1;

    /// <summary>How long a loaded index is used before the blob is asked for again.</summary>
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(20);
    private readonly ConcurrentDictionary<string, CachedValue<Loaded>> _known = new(StringComparer.Ordinal);
    private readonly StorageClients _storage;
    private readonly OptimisticBlobs _blobs;
    private readonly TimeProvider _time;

    /// <summary>Uses <c>cube-state</c>.</summary>
    public CustomerIndex(StorageClients storage, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(storage);
        (_storage, _blobs, _time) = (storage, new(storage.State), time);
    }

    private static ReadOnlySpan<byte> Magic => "CIDX"u8;

    /// <summary>Stores the index of a proven snapshot.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="customers">Its customers, a list a page.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal async Task SaveAsync(
        string assignmentId,
        IReadOnlyCollection<IReadOnlyCollection<CustomerKey>> customers,
        CancellationToken cancellationToken
    )
    {
        // Of its final size at once, and written through a file: of a million customers each copy counts.
        var keys = new CustomerKey[customers.Sum(page => page.Count)];
        var count = 0;
        foreach (var key in customers.SelectMany(page => page))
        {
            keys[count++] = key;
        }

        Array.Sort(
            keys,
            static (one, other) =>
                one.ImportedHash != other.ImportedHash
                    ? one.ImportedHash.CompareTo(other.ImportedHash)
                    : one.InternalId.CompareTo(other.InternalId)
        );
        await using var file = TempFile.Create();
        Write(keys, file);
        file.Position = 0;
        await StorageClients.UploadAsync(_storage.State, PathOf(assignmentId), file, new BlobUploadOptions(), cancellationToken);
        _known.TryRemove(assignmentId, out _);
    }

    private static void Write(CustomerKey[] keys, Stream stream)
    {
        Span<byte> buffer = stackalloc byte[PairBytes];
        Magic.CopyTo(buffer);
        BinaryPrimitives.WriteInt32LittleEndian(buffer[4..], Version);
        BinaryPrimitives.WriteInt64LittleEndian(buffer[8..], keys.Length);
        stream.Write(buffer);
        foreach (var key in keys)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(buffer, key.ImportedHash);
            BinaryPrimitives.WriteInt64LittleEndian(buffer[8..], key.InternalId);
            stream.Write(buffer);
        }

        stream.Flush();
    }

    /// <summary>Takes an imported id out. Only the holder of the lease of the assignment's customers may call it.</summary>
    /// <returns>How many pairs went.</returns>
    internal async Task<int> RemoveAsync(string assignmentId, string customerId, CancellationToken cancellationToken)
    {
        _known.TryRemove(assignmentId, out _);
        if (await LoadAsync(assignmentId, cancellationToken) is not { } bytes)
        {
            return 0;
        }

        var gone = CustomerIds.HashOf(customerId);
        var kept = new List<CustomerKey>();
        var count = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8));
        for (var i = 0L; i < count; i++)
        {
            if (HashAt(bytes, i) is var hash && hash != gone)
            {
                kept.Add(new CustomerKey(hash, InternalAt(bytes, i)));
            }
        }

        if (kept.Count < count)
        {
            await SaveAsync(assignmentId, [kept], cancellationToken);
        }

        return (int)(count - kept.Count);
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
        if (await LoadAsync(assignmentId, cancellationToken) is not { } bytes)
        {
            return default;
        }

        var wanted = CustomerIds.HashOf(customerId);
        long low = 0,
            high = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8));
        var count = high;
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = HashAt(bytes, middle) < wanted ? (middle + 1, high) : (low, middle);
        }

        // A list that is proven by two readings may have a record twice; where the tenant gives no ids of its own each counts.
        var matches = 0;
        for (var i = low; i < count && HashAt(bytes, i) == wanted; i++)
        {
            matches += i == low || InternalAt(bytes, i) == 0 || InternalAt(bytes, i) != InternalAt(bytes, i - 1) ? 1 : 0;
        }

        return new IndexAnswer(true, matches, matches == 0 ? 0 : InternalAt(bytes, low));
    }

    private static ulong HashAt(byte[] bytes, long place) =>
        BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan((int)(HeaderBytes + (PairBytes * place))));

    private static long InternalAt(byte[] bytes, long place) =>
        BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan((int)(HeaderBytes + (PairBytes * place) + 8)));

    private static string PathOf(string assignmentId) => $"customer-index/assignment={assignmentId}";

    private async Task<byte[]?> LoadAsync(string assignmentId, CancellationToken cancellationToken) =>
        (
            await _known
                .GetOrAdd(assignmentId, id => new((before, token) => ReadAsync(id, before?.Value, token), FreshFor, _time))
                .GetAsync(cancellationToken)
        )
            .Value
            .Bytes;

    private async Task<Loaded> ReadAsync(string assignmentId, Loaded? before, CancellationToken cancellationToken)
    {
        var blob = await _blobs.FindAsync(PathOf(assignmentId), before?.ETag ?? default, cancellationToken);
        if (blob is { IsUnchanged: true })
        {
            return before!;
        }

        var bytes = blob?.Data?.ToArray();
        return bytes is not null && bytes.AsSpan().StartsWith(Magic) && BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4)) == Version
            ? new Loaded(bytes, blob!.ETag)
            : new Loaded(null, default);
    }

    private sealed record Loaded(byte[]? Bytes, ETag ETag);
}
