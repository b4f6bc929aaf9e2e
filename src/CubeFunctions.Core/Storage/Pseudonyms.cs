using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace CubeFunctions.Core.Storage;

/// <summary>
/// Salted hashes of customers' ids: what row keys, messages, our own URLs and logs hold instead of them. The salt is random, made once per
/// storage account
/// and kept in <c>cube-state</c>; without it a hash of a short number would be no secret.
/// </summary>
public sealed class Pseudonyms(StorageClients storage) : IDisposable
{
    private const string SaltBlob = "salt";
    private const int SaltBytes = 32;
    private readonly SemaphoreSlim _gate = new(1);
    private byte[]? _salt;

    /// <inheritdoc />
    public void Dispose() => _gate.Dispose();

    /// <summary>32 hexadecimal digits for these parts.</summary>
    internal async ValueTask<string> OfAsync(string first, string second, CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        return Of(first, second);
    }

    /// <summary>Makes <see cref="Of"/> ready.</summary>
    internal async ValueTask LoadAsync(CancellationToken cancellationToken) => _ = _salt ?? await SaltAsync(cancellationToken);

    /// <summary>32 hexadecimal digits for these parts, once <see cref="LoadAsync"/> has been called.</summary>
    internal string Of(string first, string second) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(_salt!, Encoding.UTF8.GetBytes($"{first}\n{second}")).AsSpan(0, 16));

    private async Task<byte[]> SaltAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            return _salt ??= await ReadAsync(cancellationToken) ?? await CreateAsync(cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<byte[]?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await storage.State.GetBlockBlobClient(SaltBlob).DownloadContentAsync(cancellationToken)).Value.Content.ToArray();
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    private async Task<byte[]> CreateAsync(CancellationToken cancellationToken)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        using var stream = new MemoryStream(salt, writable: false);
        try
        {
            var onlyNew = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
            await StorageClients.UploadAsync(storage.State, SaltBlob, stream, onlyNew, cancellationToken);
            return salt;
        }
        catch (RequestFailedException exception) when (exception.Status == 409)
        {
            return (await ReadAsync(cancellationToken))!;
        }
    }
}
