using System.Buffers.Binary;
using System.Collections.Concurrent;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
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
/// The map from imported ids to Cube's own, an assignment a blob in <c>cube-state</c>: pairs of a 64-bit hash of the imported id and the internal id, sorted by
/// hash. Two ids with one hash show as two matches or as the wrong record, which delivery reads and compares before it writes.
/// </summary>
/// <remarks>Format, version 1, little endian: <c>CIDX</c>, version (4 bytes), number of pairs (8 bytes), then the pairs (16 bytes each).</remarks>
public sealed class CustomerIndex(StorageClients storage, TimeProvider time)
{
    private const int HeaderBytes = 16;
    private const int PairBytes = 16;
    private const int Version = 1;

    /// <summary>How long a loaded index is used before the blob is asked for again.</summary>
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(20);
    private readonly ConcurrentDictionary<string, Loaded> _loaded = new();

    private static ReadOnlySpan<byte> Magic => "CIDX"u8;

    /// <summary>Stores the index of a proven snapshot.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="customers">Its customers, a list a page.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal async Task SaveAsync(string assignmentId, IReadOnlyCollection<IReadOnlyCollection<CustomerKey>> customers, CancellationToken cancellationToken)
    {
        // Of its final size at once, and written through a file: of a million customers each copy counts.
        var keys = new CustomerKey[customers.Sum(page => page.Count)];
        var count = 0;
        foreach (var key in customers.SelectMany(page => page))
        {
            keys[count++] = key;
        }

        Array.Sort(keys, static (one, other) => one.ImportedHash != other.ImportedHash ? one.ImportedHash.CompareTo(other.ImportedHash) : one.InternalId.CompareTo(other.InternalId));
        await using var file = TempFile.Create();
        Write(keys, file);
        file.Position = 0;
        await StorageClients.UploadAsync(storage.State, PathOf(assignmentId), file, new BlobUploadOptions(), cancellationToken);
        _loaded.TryRemove(assignmentId, out _);
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

    /// <summary>Takes an imported id out. Only who has the lease of the assignment's customers may call it.</summary>
    /// <returns>How many pairs went.</returns>
    internal async Task<int> RemoveAsync(string assignmentId, string customerId, CancellationToken cancellationToken)
    {
        _loaded.TryRemove(assignmentId, out _);
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
        _loaded.TryRemove(assignmentId, out _);
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
        long low = 0, high = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8));
        var count = high;
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = HashAt(bytes, middle) < wanted ? (middle + 1, high) : (low, middle);
        }

        var matches = 0;
        while (low + matches < count && HashAt(bytes, low + matches) == wanted)
        {
            matches++;
        }

        return new IndexAnswer(true, matches, matches == 0 ? 0 : InternalAt(bytes, low));
    }

    private static ulong HashAt(byte[] bytes, long place) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan((int)(HeaderBytes + (PairBytes * place))));

    private static long InternalAt(byte[] bytes, long place) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan((int)(HeaderBytes + (PairBytes * place) + 8)));

    private static string PathOf(string assignmentId) => $"customer-index/assignment={assignmentId}";

    private async Task<byte[]?> LoadAsync(string assignmentId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (_loaded.TryGetValue(assignmentId, out var loaded) && now - loaded.At < FreshFor)
        {
            return loaded.Bytes;
        }

        try
        {
            var options = new BlobDownloadOptions { Conditions = loaded is null ? null : new BlobRequestConditions { IfNoneMatch = loaded.ETag } };
            var answer = await storage.State.GetBlockBlobClient(PathOf(assignmentId)).DownloadContentAsync(options, cancellationToken);
            if (answer.GetRawResponse().Status == 304)
            {
                _loaded[assignmentId] = loaded! with { At = now };
                return loaded.Bytes;
            }

            var bytes = answer.Value.Content.ToArray();
            if (!bytes.AsSpan().StartsWith(Magic) || BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4)) != Version)
            {
                return null;
            }

            _loaded[assignmentId] = new Loaded(bytes, answer.Value.Details.ETag, now);
            return bytes;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    private sealed record Loaded(byte[] Bytes, ETag ETag, DateTimeOffset At);
}
