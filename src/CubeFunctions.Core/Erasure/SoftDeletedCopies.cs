using Azure;
using Azure.Storage.Blobs.Specialized;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Erasure;

/// <summary>How long the account keeps copies of deleted and overwritten blobs.</summary>
internal sealed class SoftDeletedCopies(StorageClients storage, TimeProvider time)
{
    /// <summary>
    /// Days that copies are kept, and when those made now are gone; nulls where the identity's roles do not cover the account's properties.
    /// </summary>
    public async Task<(int? Days, DateTimeOffset? ExpireAt)> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var policy = (await storage.Raw.GetParentBlobServiceClient().GetPropertiesAsync(cancellationToken)).Value.DeleteRetentionPolicy;
            var days = policy is { Enabled: true } ? policy.Days ?? 0 : 0;
            return (days, time.GetUtcNow().AddDays(days));
        }
        catch (RequestFailedException)
        {
            return (null, null);
        }
    }
}
