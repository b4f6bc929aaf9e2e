using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Persons;

/// <summary>The blob of tombstones, replaced by ETag.</summary>
public sealed class TombstoneStore(StorageClients storage)
{
    private const string Path = "tombstones";
    private const int Schema = 1;

    /// <summary>Nobody was ever erased.</summary>
    internal static TombstoneFile None { get; } = new(Schema, []);

    /// <summary>Reads it; null where it is still of the ETag that is known.</summary>
    /// <exception cref="InvalidDataException">It is of a version that is not known here.</exception>
    internal async Task<(TombstoneFile File, ETag ETag)?> ReadAsync(ETag known, CancellationToken cancellationToken)
    {
        try
        {
            var options = new BlobDownloadOptions { Conditions = known == default ? null : new BlobRequestConditions { IfNoneMatch = known } };
            var answer = await storage.State.GetBlockBlobClient(Path).DownloadContentAsync(options, cancellationToken);
            if (answer.GetRawResponse().Status == 304)
            {
                return null;
            }

            var file = JsonSerializer.Deserialize(answer.Value.Content.ToMemory().Span, TombstoneJson.Default.TombstoneFile)!;
            return file.Schema == Schema
                ? (file, answer.Value.Details.ETag)
                : throw new InvalidDataException($"The tombstones are of version {file.Schema}; this program knows version {Schema}.");
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return (None, default);
        }
    }

    /// <summary>Changes it, again on top of whatever somebody else wrote meanwhile.</summary>
    /// <param name="change">Gives the next list; the same list where nothing is to be written.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    internal async Task ChangeAsync(Func<IReadOnlyList<Tombstone>, IReadOnlyList<Tombstone>> change, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (file, etag) = (await ReadAsync(default, cancellationToken))!.Value;
            var next = change(file.Persons);
            if (ReferenceEquals(next, file.Persons) || await TryWriteAsync(new TombstoneFile(Schema, next), etag, cancellationToken))
            {
                return;
            }
        }
    }

    private async Task<bool> TryWriteAsync(TombstoneFile file, ETag etag, CancellationToken cancellationToken)
    {
        var conditions = etag == default ? new BlobRequestConditions { IfNoneMatch = ETag.All } : new BlobRequestConditions { IfMatch = etag };
        using var stream = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(file, TombstoneJson.Default.TombstoneFile), writable: false);
        try
        {
            await StorageClients.UploadAsync(storage.State, Path, stream, new BlobUploadOptions { Conditions = conditions }, cancellationToken);
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status is 409 or 412)
        {
            return false;
        }
    }
}
