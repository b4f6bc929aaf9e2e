using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Storage;

/// <summary>Pages and manifests in <c>cube-raw</c>. Written once; only a person's erasure replaces a manifest, by ETag.</summary>
public sealed class RawStore(StorageClients storage)
{
    private readonly OptimisticBlobs _blobs = new(storage.Raw);

    /// <summary>Stores a page. Its path holds the attempt, so a page that is there was written by the same claim.</summary>
    internal async Task WritePageAsync(string path, PooledBody body, CancellationToken cancellationToken)
    {
        await using var stream = body.OpenRead();
        await WritePageAsync(path, stream, cancellationToken);
    }

    /// <inheritdoc cref="WritePageAsync(string, PooledBody, CancellationToken)"/>
    internal Task WritePageAsync(string path, Stream stream, CancellationToken cancellationToken) =>
        _blobs.CreateAsync(path, new BlobBody(stream, "application/json"), cancellationToken);

    /// <summary>Stores a page that is stored elsewhere already, without reading it.</summary>
    /// <returns>False where it is gone.</returns>
    internal Task<bool> CopyPageAsync(string from, string to, CancellationToken cancellationToken) =>
        _blobs.CopyAsync(from, to, cancellationToken);

    /// <summary>Writes a JSON file unless another worker has.</summary>
    /// <returns>False when it was there before.</returns>
    internal async Task<bool> TryWriteAsync<T>(string path, T value, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        (await _blobs.CreateAsync(path, BlobBody.Json(JsonSerializer.SerializeToUtf8Bytes(value, type)), cancellationToken)).IsSaved;

    /// <summary>
    /// Reads a window's manifest; null where there is none, or something else in its place: what it named cannot be read.
    /// </summary>
    internal async Task<WindowManifest?> FindManifestAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return
                await FindAsync(path, ManifestJson.Default.WindowManifest, cancellationToken) is { Pages: { } pages } manifest
                && pages.All(static page => page is { Name: not null, Sha256: not null })
                ? manifest
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Reads a run's manifest, or null where there is none.</summary>
    internal Task<RunManifest?> FindRunManifestAsync(string runId, CancellationToken cancellationToken) =>
        FindAsync(BlobPaths.Run(runId), ManifestJson.Default.RunManifest, cancellationToken);

    /// <summary>Reads a window's manifest as it is to be replaced; null where there is none.</summary>
    internal async Task<(WindowManifest Manifest, ETag ETag)?> FindManifestToReplaceAsync(
        string path,
        CancellationToken cancellationToken
    ) =>
        await _blobs.FindAsync(path, cancellationToken) is { Data: { } data } found
            ? (JsonSerializer.Deserialize(data.ToMemory().Span, ManifestJson.Default.WindowManifest)!, found.ETag)
            : null;

    /// <summary>Replaces a manifest in the state it was read in.</summary>
    /// <returns>False when another worker has replaced it.</returns>
    internal async Task<bool> TryReplaceManifestAsync(
        string path,
        WindowManifest manifest,
        ETag etag,
        CancellationToken cancellationToken
    ) =>
        (
            await _blobs.SaveAsync(
                path,
                BlobBody.Json(JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestJson.Default.WindowManifest)),
                etag,
                cancellationToken
            )
        ).IsSaved;

    /// <summary>Reads a page's bytes, whatever they are; null where it is gone.</summary>
    internal async Task<PooledBody?> FindBytesAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await _blobs.OpenAsync(path, cancellationToken);
        return answer is null
            ? null
            : await PooledBody.ReadAsync(answer.Content, answer.Details.ContentLength, int.MaxValue, static () => { }, cancellationToken);
    }

    /// <summary>Whether a blob is there.</summary>
    internal async Task<bool> ExistsAsync(string path, CancellationToken cancellationToken) =>
        await _blobs.FindPropertiesAsync(path, cancellationToken) is not null;

    /// <summary>Names below a folder.</summary>
    internal async IAsyncEnumerable<string> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var blob in _blobs.ListAsync(folder, cancellationToken))
        {
            yield return blob.Name[folder.Length..];
        }
    }

    /// <summary>Sizes of the blobs below a folder, by name.</summary>
    internal async Task<Dictionary<string, long>> FindSizesAsync(string folder, CancellationToken cancellationToken) =>
        await _blobs
            .ListAsync(folder, cancellationToken)
            .ToDictionaryAsync(
                blob => blob.Name[folder.Length..],
                static blob => blob.Properties.ContentLength ?? 0,
                cancellationToken: cancellationToken
            );

    internal Task DeleteAsync(string path, CancellationToken cancellationToken) => _blobs.DeleteAsync(path, default, cancellationToken);

    private async Task<T?> FindAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class =>
        await _blobs.FindAsync(path, cancellationToken) is { Data: { } data }
            ? JsonSerializer.Deserialize(data.ToMemory().Span, type)
            : null;
}
