using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using CubeFunctions.Core.Changes;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Erasure;

/// <summary>Which scopes and feeds with records of persons the account holds anything of.</summary>
internal sealed class KeptScopes(StorageClients storage, CheckpointStore checkpoints)
{
    private static readonly Feed[] Feeds = [.. FeedCatalogue.All.Where(ChangeDetector.Covers)];

    /// <summary>
    /// All of them, in no order: also those that only a checkpoint's row names, which has to say that a person was erased.
    /// </summary>
    public async Task<HashSet<(Feed Feed, Scope Scope)>> ListAsync(CancellationToken cancellationToken)
    {
        var rows = (await checkpoints.AllAsync(cancellationToken)).Select(row =>
            (Feed: FeedCatalogue.Find(row.Feed, row.Scope.Kind)!, row.Scope)
        );
        HashSet<(Feed Feed, Scope Scope)> found = [.. rows.Where(row => Feeds.Contains(row.Feed))];
        foreach (var container in new[] { storage.Raw, storage.ChangeFiles, storage.State })
        {
            foreach (var name in Feeds.Select(feed => feed.Name).Distinct())
            {
                await foreach (var segment in ChildrenAsync(container, name + "/", cancellationToken))
                {
                    if (
                        Scope.Parse(segment) is { } scope
                        && Feeds.FirstOrDefault(feed => feed.Name == name && feed.Scope == scope.Kind) is { } feed
                    )
                    {
                        found.Add((feed, scope));
                    }
                }
            }
        }

        return found;
    }

    /// <summary>Names right below a folder, folders without their slash.</summary>
    public static async IAsyncEnumerable<string> ChildrenAsync(
        BlobContainerClient container,
        string folder,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await foreach (var item in container.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", folder, cancellationToken))
        {
            yield return (item.IsPrefix ? item.Prefix : item.Blob.Name)[folder.Length..].TrimEnd('/');
        }
    }
}
