using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Changes;

/// <summary>State blobs in <c>cube-state</c> and change files in <c>cube-changes</c>.</summary>
public sealed class ChangeStore(StorageClients storage)
{
    private static readonly BlobHttpHeaders Lines = new() { ContentType = "application/x-ndjson" };
    private static readonly BlobHttpHeaders Binary = new() { ContentType = "application/octet-stream" };

    /// <summary>One request for what a window usually tells; a large first snapshot goes up in blocks, and is seen when all are there.</summary>
    internal static readonly StorageTransferOptions Transfer = new() { InitialTransferSize = 128 << 20, MaximumTransferSize = 16 << 20, MaximumConcurrency = 1 };

    /// <summary>Reads what is known; an empty state where there is none.</summary>
    internal async Task<ScopeState> ReadStateAsync(Feed feed, Scope scope, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = (await storage.State.GetBlockBlobClient(BlobPaths.State(feed, scope)).DownloadStreamingAsync(cancellationToken: cancellationToken)).Value;
            return await StateFormat.ReadAsync(answer.Content, cancellationToken) with { ETag = answer.Details.ETag };
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return ScopeState.Empty;
        }
    }

    /// <summary>Replaces what was known, unless somebody else did since it was read.</summary>
    /// <returns>The state with its new ETag.</returns>
    /// <exception cref="RequestFailedException">409 or 412: somebody else wrote it.</exception>
    internal async Task<ScopeState> WriteStateAsync(Feed feed, Scope scope, ScopeState state, CancellationToken cancellationToken)
    {
        var conditions = state.ETag == default ? new BlobRequestConditions { IfNoneMatch = ETag.All } : new BlobRequestConditions { IfMatch = state.ETag };
        await using var stream = TempFile.Create();
        StateFormat.Write(state, stream);
        var etag = await UploadAsync(storage.State, BlobPaths.State(feed, scope), stream, conditions, Binary, cancellationToken);
        return state with { ETag = etag };
    }

    /// <summary>Writes a change file unless it is there.</summary>
    /// <returns>False when it was there.</returns>
    internal async Task<bool> TryWriteFileAsync(string path, Stream lines, CancellationToken cancellationToken)
    {
        try
        {
            await UploadAsync(storage.ChangeFiles, path, lines, new BlobRequestConditions { IfNoneMatch = ETag.All }, Lines, cancellationToken);
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status == 409)
        {
            return false;
        }
    }

    /// <summary>Opens a change file.</summary>
    internal Task<Stream> ReadFileAsync(string path, CancellationToken cancellationToken) =>
        storage.ChangeFiles.GetBlockBlobClient(path).OpenReadAsync(cancellationToken: cancellationToken);

    private static async Task<ETag> UploadAsync(
        BlobContainerClient container, string path, Stream content, BlobRequestConditions conditions, BlobHttpHeaders headers, CancellationToken cancellationToken) =>
        (await StorageClients.UploadAsync(
            container, path, content, new BlobUploadOptions { Conditions = conditions, HttpHeaders = headers, TransferOptions = Transfer }, cancellationToken)).ETag;
}
