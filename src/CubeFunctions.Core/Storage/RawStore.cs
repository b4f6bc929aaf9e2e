using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Storage;

/// <summary>Pages and manifests in <c>cube-raw</c>. Written once; only a person's erasure writes a manifest over, by ETag.</summary>
public sealed class RawStore(StorageClients storage)
{
    private static readonly BlobRequestConditions OnlyNew = new() { IfNoneMatch = ETag.All };
    private static readonly BlobHttpHeaders Json = new() { ContentType = "application/json" };

    /// <summary>Stores a page. Its path holds the attempt, so only this claim can have written it: a page that is there came from a try whose answer was lost.</summary>
    internal async Task WritePageAsync(string path, PooledBody body, CancellationToken cancellationToken)
    {
        await using var stream = body.OpenRead();
        await WritePageAsync(path, stream, cancellationToken);
    }

    /// <inheritdoc cref="WritePageAsync(string, PooledBody, CancellationToken)"/>
    internal async Task WritePageAsync(string path, Stream stream, CancellationToken cancellationToken)
    {
        try
        {
            await storage.Raw.GetBlockBlobClient(path).UploadAsync(stream, new BlobUploadOptions { Conditions = OnlyNew, HttpHeaders = Json }, cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 409)
        {
            // There already.
        }
    }

    /// <summary>Writes a JSON file unless it is there.</summary>
    /// <returns>False when it was there.</returns>
    internal async Task<bool> TryWriteAsync<T>(string path, T value, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            using var stream = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(value, type), writable: false);
            await storage.Raw.GetBlockBlobClient(path).UploadAsync(stream, new BlobUploadOptions { Conditions = OnlyNew, HttpHeaders = Json }, cancellationToken);
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status == 409)
        {
            return false;
        }
    }

    /// <summary>Reads a window's manifest, or null where there is none.</summary>
    internal async Task<WindowManifest?> FindManifestAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await storage.Raw.GetBlockBlobClient(path).DownloadContentAsync(cancellationToken);
            return JsonSerializer.Deserialize(answer.Value.Content.ToMemory().Span, ManifestJson.Default.WindowManifest);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Reads a window's manifest as it is to be replaced; null where there is none.</summary>
    internal async Task<(WindowManifest Manifest, ETag ETag)?> FindManifestToReplaceAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            var answer = (await storage.Raw.GetBlockBlobClient(path).DownloadContentAsync(cancellationToken)).Value;
            return (JsonSerializer.Deserialize(answer.Content.ToMemory().Span, ManifestJson.Default.WindowManifest)!, answer.Details.ETag);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Writes a manifest over the one that was read.</summary>
    /// <exception cref="RequestFailedException">412: somebody else has replaced it.</exception>
    internal async Task ReplaceManifestAsync(string path, WindowManifest manifest, ETag etag, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestJson.Default.WindowManifest), writable: false);
        var options = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfMatch = etag }, HttpHeaders = Json };
        await storage.Raw.GetBlockBlobClient(path).UploadAsync(stream, options, cancellationToken);
    }

    /// <summary>Reads a page's bytes, whatever they are; null where it is gone.</summary>
    internal async Task<PooledBody?> FindBytesAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadBytesAsync(path, cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Reads a stored page back.</summary>
    /// <exception cref="RequestFailedException">404: it is gone.</exception>
    internal async Task<PooledBody> ReadBytesAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = (await storage.Raw.GetBlockBlobClient(path).DownloadStreamingAsync(cancellationToken: cancellationToken)).Value;
        return (await PooledBody.ReadAsync(answer.Content, answer.Details.ContentLength, int.MaxValue, static () => { }, cancellationToken))!;
    }

    /// <summary>Names below a folder.</summary>
    internal async IAsyncEnumerable<string> ListAsync(string folder, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var blob in storage.Raw.GetBlobsAsync(BlobTraits.None, BlobStates.None, folder, cancellationToken))
        {
            yield return blob.Name[folder.Length..];
        }
    }

    internal Task DeleteAsync(string path, CancellationToken cancellationToken) =>
        storage.Raw.GetBlockBlobClient(path).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancellationToken);
}
