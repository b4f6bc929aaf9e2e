using System.Text.Json;
using Azure;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Persons;

/// <summary>The blob of tombstones, replaced by ETag.</summary>
public sealed class TombstoneStore(StorageClients storage)
{
    private const string Path = "tombstones";
    private const int Schema = 1;
    private readonly OptimisticBlobs _blobs = new(storage.State);

    /// <summary>Nobody was ever erased.</summary>
    internal static TombstoneFile None { get; } = new(Schema, []);

    /// <summary>Reads it; null where it is still of the ETag that is known.</summary>
    /// <exception cref="InvalidDataException">It is of a version that is not known here.</exception>
    internal async Task<(TombstoneFile File, ETag ETag)?> ReadAsync(ETag known, CancellationToken cancellationToken)
    {
        if (await _blobs.FindAsync(Path, known, cancellationToken) is not { } found)
        {
            return (None, default);
        }

        if (found.Data is not { } data)
        {
            return null;
        }

        var file = JsonSerializer.Deserialize(data.ToMemory().Span, TombstoneJson.Default.TombstoneFile)!;
        return file.Schema == Schema
            ? (file, found.ETag)
            : throw new InvalidDataException($"The tombstones are of version {file.Schema}; this program knows version {Schema}.");
    }

    /// <summary>Changes it, again on top of what another process wrote meanwhile.</summary>
    /// <param name="change">Gives the next list; the same list where nothing is to be written.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal async Task ChangeAsync(Func<IReadOnlyList<Tombstone>, IReadOnlyList<Tombstone>> change, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (file, etag) = (await ReadAsync(default, cancellationToken))!.Value;
            var next = change(file.Persons);
            if (ReferenceEquals(next, file.Persons))
            {
                return;
            }

            var body = BlobBody.Json(
                JsonSerializer.SerializeToUtf8Bytes(new TombstoneFile(Schema, next), TombstoneJson.Default.TombstoneFile)
            );
            if ((await _blobs.SaveAsync(Path, body, etag, cancellationToken)).IsSaved)
            {
                return;
            }
        }
    }
}
