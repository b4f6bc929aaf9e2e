using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace CubeFunctions.Core.Storage;

/// <summary>
/// A container whose blobs are created once, or replaced in the state they were read in. As with <see cref="OptimisticTable"/>, a write
/// recognises itself after a
/// lost answer: by an id in the blob's metadata (<c>writeid</c>). A container that is missing reads as empty, and is created by the first
/// write.
/// </summary>
/// <remarks>One transaction a write, and one read more where the blob is not as expected.</remarks>
internal sealed class OptimisticBlobs(BlobContainerClient container)
{
    private const string WriteIdName = "writeid";

    /// <summary>Reads a blob whole.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="known">The state that the caller knows: where it is still of this ETag, no bytes are sent. Default to read
    /// anyway.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Null where there is none.</returns>
    public async Task<BlobContent?> FindAsync(string path, ETag known, CancellationToken cancellationToken)
    {
        var options = new BlobDownloadOptions { Conditions = known == default ? null : new BlobRequestConditions { IfNoneMatch = known } };
        try
        {
            var answer = await container.GetBlockBlobClient(path).DownloadContentAsync(options, cancellationToken);
            return answer.GetRawResponse().Status == 304
                ? new(null, known, new Dictionary<string, string>())
                : new(answer.Value.Content, answer.Value.Details.ETag, answer.Value.Details.Metadata);
        }
        catch (RequestFailedException exception) when (StorageErrors.IsNotFound(exception))
        {
            return null;
        }
    }

    /// <inheritdoc cref="FindAsync(string, ETag, CancellationToken)"/>
    public Task<BlobContent?> FindAsync(string path, CancellationToken cancellationToken) => FindAsync(path, default, cancellationToken);

    /// <summary>Opens a blob to be read in one go; the caller disposes the answer.</summary>
    /// <returns>Null where there is none.</returns>
    public async Task<BlobDownloadStreamingResult?> OpenAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return (await container.GetBlockBlobClient(path).DownloadStreamingAsync(cancellationToken: cancellationToken)).Value;
        }
        catch (RequestFailedException exception) when (StorageErrors.IsNotFound(exception))
        {
            return null;
        }
    }

    /// <summary>Opens a blob to be read from a place on, a part at a time. One that is replaced meanwhile fails the reading.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="position">Where to begin, in bytes.</param>
    /// <param name="bufferSize">Bytes of one request.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Null where there is none.</returns>
    public async Task<Stream?> OpenAtAsync(string path, long position, int bufferSize, CancellationToken cancellationToken)
    {
        try
        {
            return await container
                .GetBlockBlobClient(path)
                .OpenReadAsync(
                    new BlobOpenReadOptions(allowModifications: false) { Position = position, BufferSize = bufferSize },
                    cancellationToken
                );
        }
        catch (RequestFailedException exception) when (StorageErrors.IsNotFound(exception))
        {
            return null;
        }
    }

    /// <summary>Metadata of a blob; null where there is none.</summary>
    public async Task<BlobProperties?> FindPropertiesAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return (await container.GetBlockBlobClient(path).GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
        }
        catch (RequestFailedException exception) when (StorageErrors.IsNotFound(exception))
        {
            return null;
        }
    }

    /// <summary>Creates a blob that must not be there.</summary>
    /// <returns><see cref="StorageOutcome.Saved"/> or <see cref="StorageOutcome.Exists"/>.</returns>
    public Task<BlobWritten> CreateAsync(string path, BlobBody body, CancellationToken cancellationToken) =>
        SaveAsync(path, body, default, cancellationToken);

    /// <summary>Replaces a blob in the state it was read in, or creates one that was not there.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="body">What is written.</param>
    /// <param name="basis">The ETag it was read with; default where there was none.</param>
    /// <param name="cancellationToken">Ends the request. What was asked for may have been done.</param>
    /// <exception cref="RequestFailedException">Storage is in trouble, or refuses what was sent.</exception>
    public async Task<BlobWritten> SaveAsync(string path, BlobBody body, ETag basis, CancellationToken cancellationToken)
    {
        var blob = container.GetBlockBlobClient(path);
        var id = Guid.NewGuid().ToString("N");
        var options = new BlobUploadOptions
        {
            Conditions = basis == default ? new() { IfNoneMatch = ETag.All } : new() { IfMatch = basis },
            HttpHeaders = new() { ContentType = body.ContentType },
            Metadata = new Dictionary<string, string>(body.Metadata ?? new Dictionary<string, string>()) { [WriteIdName] = id },
            TransferOptions = body.Transfer,
        };
        var begin = body.Content.Position;
        var created = false;
        while (true)
        {
            try
            {
                body.Content.Position = begin;
                return new(StorageOutcome.Saved, (await blob.UploadAsync(body.Content, options, cancellationToken)).Value.ETag);
            }
            catch (RequestFailedException exception) when (!created && StorageErrors.IsNotCreated(exception))
            {
                await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
                created = true;
            }
            catch (RequestFailedException exception) when (StorageErrors.IsConflict(exception))
            {
                var stored = await FindPropertiesAsync(path, cancellationToken);
                if (stored is not null && stored.Metadata.TryGetValue(WriteIdName, out var last) && last == id)
                {
                    return new(StorageOutcome.Saved, stored.ETag);
                }

                if (stored is not null || basis != default)
                {
                    return new(
                        stored is null ? StorageOutcome.Gone
                            : basis == default ? StorageOutcome.Exists
                            : StorageOutcome.Changed,
                        default
                    );
                }
            }
        }
    }

    /// <summary>Makes a blob count as changed now. One that was changed or deleted meanwhile is left alone.</summary>
    public async Task RenewAsync(string path, BlobProperties found, CancellationToken cancellationToken)
    {
        try
        {
            await container
                .GetBlockBlobClient(path)
                .SetMetadataAsync(found.Metadata, new BlobRequestConditions { IfMatch = found.ETag }, cancellationToken);
        }
        catch (RequestFailedException exception) when (StorageErrors.IsConflict(exception) || StorageErrors.IsNotFound(exception)) { }
    }

    /// <summary>Copies a blob of the container to a name that nobody else writes; its bytes stay in storage.</summary>
    /// <returns>False where there is none to copy.</returns>
    /// <remarks>A copy that is there already is one whose answer was lost.</remarks>
    public async Task<bool> CopyAsync(string from, string to, CancellationToken cancellationToken)
    {
        var target = container.GetBlockBlobClient(to);
        var options = new BlobCopyFromUriOptions { DestinationConditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
        try
        {
            var copying = await target.StartCopyFromUriAsync(container.GetBlockBlobClient(from).Uri, options, cancellationToken);
            if (!IsCopied(copying.GetRawResponse()))
            {
                await copying.WaitForCompletionAsync(cancellationToken);
            }

            return true;
        }
        catch (RequestFailedException exception) when (StorageErrors.IsNotFound(exception))
        {
            return false;
        }
        catch (RequestFailedException exception) when (StorageErrors.IsConflict(exception))
        {
            return true;
        }
    }

    /// <summary>Within an account a copy is done with the answer as a rule, and the answer says so; the SDK would ask once more.</summary>
    private static bool IsCopied(Response answer) => answer.Headers.TryGetValue("x-ms-copy-status", out var status) && status == "success";

    /// <summary>Deletes a blob. One that is gone already is deleted.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="basis">The state it must be in; default for any.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns><see cref="StorageOutcome.Saved"/> or <see cref="StorageOutcome.Changed"/>.</returns>
    public async Task<StorageOutcome> DeleteAsync(string path, ETag basis, CancellationToken cancellationToken)
    {
        try
        {
            await container
                .GetBlockBlobClient(path)
                .DeleteIfExistsAsync(
                    DeleteSnapshotsOption.IncludeSnapshots,
                    basis == default ? null : new BlobRequestConditions { IfMatch = basis },
                    cancellationToken
                );
            return StorageOutcome.Saved;
        }
        catch (RequestFailedException exception) when (StorageErrors.IsConflict(exception))
        {
            return await FindPropertiesAsync(path, cancellationToken) is null ? StorageOutcome.Saved : StorageOutcome.Changed;
        }
    }

    /// <summary>Blobs whose names begin with a prefix, by name.</summary>
    public async IAsyncEnumerable<BlobItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var each = container
            .GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            try
            {
                if (!await each.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (RequestFailedException exception) when (StorageErrors.IsNotCreated(exception))
            {
                yield break;
            }

            yield return each.Current;
        }
    }
}
