using Azure.Storage.Blobs;
using CubeFunctions.Core.Storage;
using CubeFunctions.Local.Hosting;

namespace CubeFunctions.Local.Commands;

/// <summary>
/// A container and what follows it, as people type it: <c>cube-raw/responses/campaign=101/</c>; without a container it is <c>cube-raw</c>.
/// </summary>
internal sealed record BlobAddress(string Container, string Path)
{
    /// <exception cref="LocalHostException">There is no such container.</exception>
    public static BlobAddress Parse(string text)
    {
        var parts = text.Trim().TrimStart('/').Split('/', 2);
        if (StorageNames.Containers.Contains(parts[0]))
        {
            return new BlobAddress(parts[0], parts.Length > 1 ? parts[1] : "");
        }

        return parts[0].StartsWith("cube-", StringComparison.Ordinal)
            ? throw new LocalHostException($"'{parts[0]}' is no container; there are {string.Join(", ", StorageNames.Containers)}")
            : new BlobAddress(StorageNames.Raw, string.Join('/', parts));
    }

    public BlobContainerClient ClientOf(StorageClients storage) =>
        Container switch
        {
            StorageNames.Raw => storage.Raw,
            StorageNames.ChangeFiles => storage.ChangeFiles,
            StorageNames.Inbox => storage.Inbox,
            _ => storage.State,
        };

    public override string ToString() => $"{Container}/{Path}";
}
