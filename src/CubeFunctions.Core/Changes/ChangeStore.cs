using System.Globalization;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Changes;

/// <summary>State blobs in <c>cube-state</c> and change files in <c>cube-changes</c>.</summary>
public sealed class ChangeStore(StorageClients storage)
{
    /// <summary>Metadata of a change file: the claim that wrote it. Claims of a scope and feed are numbered, so files of one are in order by it.</summary>
    private const string AttemptName = "attempt";
    private const int ReadAhead = 1 << 20;

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
    /// <param name="path">Its path.</param>
    /// <param name="lines">Its lines.</param>
    /// <param name="attempt">The claim that writes it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>False when it was there.</returns>
    internal async Task<bool> TryWriteFileAsync(string path, Stream lines, int attempt, CancellationToken cancellationToken)
    {
        try
        {
            var metadata = new Dictionary<string, string> { [AttemptName] = attempt.ToString(CultureInfo.InvariantCulture) };
            await UploadAsync(storage.ChangeFiles, path, lines, new BlobRequestConditions { IfNoneMatch = ETag.All }, Lines, cancellationToken, metadata);
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status == 409)
        {
            return false;
        }
    }

    /// <summary>Opens a change file.</summary>
    /// <exception cref="RequestFailedException">404: it is gone.</exception>
    internal Task<Stream> ReadFileAsync(string path, long offset, CancellationToken cancellationToken) =>
        storage.ChangeFiles.GetBlockBlobClient(path).OpenReadAsync(new BlobOpenReadOptions(allowModifications: false) { Position = offset, BufferSize = ReadAhead }, cancellationToken);

    /// <summary>The attempt that wrote a change file.</summary>
    internal async Task<int> AttemptOfAsync(string path, CancellationToken cancellationToken) =>
        int.Parse((await storage.ChangeFiles.GetBlockBlobClient(path).GetPropertiesAsync(cancellationToken: cancellationToken)).Value.Metadata[AttemptName], CultureInfo.InvariantCulture);

    private static async Task<ETag> UploadAsync(
        BlobContainerClient container, string path, Stream content, BlobRequestConditions conditions, BlobHttpHeaders headers, CancellationToken cancellationToken,
        Dictionary<string, string>? metadata = null) =>
        (await StorageClients.UploadAsync(
            container, path, content, new BlobUploadOptions { Conditions = conditions, HttpHeaders = headers, Metadata = metadata, TransferOptions = Transfer }, cancellationToken)).ETag;
}
