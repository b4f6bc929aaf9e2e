using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Erasure;

/// <summary>
/// Finds out to which assignments campaigns belong: from stored listings, from rows of items, and from Cube for those that left no trace.
/// </summary>
internal sealed class CampaignAssignments(StorageClients storage, RawStore raw, RunStore runs, CampaignListing cube, UpsertSettings upserts)
{
    /// <summary>Runs that are asked about a campaign that the newest listing lacks.</summary>
    private const int MostRuns = 6;

    /// <summary>The assignment of each campaign; those whose assignment nothing names are left out.</summary>
    public async Task<IReadOnlyDictionary<string, string>> FindAsync(
        IReadOnlyCollection<(Feed Feed, Scope Scope)> campaigns,
        CancellationToken cancellationToken
    )
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        var listings = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        var newest = await NewestAsync(cancellationToken);
        foreach (var (feed, scope) in campaigns)
        {
            if (
                !found.ContainsKey(scope.Id)
                && (newest.GetValueOrDefault(scope.Id) ?? await FromRunsAsync(feed, scope, listings, cancellationToken)) is { } assignment
            )
            {
                found[scope.Id] = assignment;
            }
        }

        if (campaigns.Any(campaign => !found.ContainsKey(campaign.Scope.Id)))
        {
            foreach (var (campaign, assignment) in await FromCubeAsync(cancellationToken))
            {
                found.TryAdd(campaign, assignment);
            }
        }

        return found;
    }

    /// <summary>Whether a campaign's listing or a sender's setting names an assignment.</summary>
    public async Task<bool> NamesAsync(string assignment, CancellationToken cancellationToken) =>
        upserts.Senders.Values.Any(sender => sender.AssignmentId == assignment)
        || (await NewestAsync(cancellationToken)).Values.Contains(assignment, StringComparer.Ordinal)
        || (await FromCubeAsync(cancellationToken)).ContainsValue(assignment);

    /// <summary>The runs that read a campaign listed it, or at least planned it.</summary>
    private async Task<string?> FromRunsAsync(
        Feed feed,
        Scope scope,
        Dictionary<string, IReadOnlyDictionary<string, string>> listings,
        CancellationToken cancellationToken
    )
    {
        var folder = $"{feed.Name}/{scope}/";
        var ids = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var name in raw.ListAsync(folder, cancellationToken))
        {
            if (name.Split('/').FirstOrDefault(part => part.StartsWith("run=", StringComparison.Ordinal)) is { } run)
            {
                ids.Add(run["run=".Length..]);
            }
        }

        foreach (var run in ids.Take(MostRuns / 2).Union(ids.Reverse().Take(MostRuns / 2)))
        {
            var listing = listings.TryGetValue(run, out var known) ? known : listings[run] = await ListingAsync(run, cancellationToken);
            if (listing.GetValueOrDefault(scope.Id) is { } listed)
            {
                return listed;
            }

            if (await runs.FindItemAsync(run, ItemRow.KeyOf(feed, scope), cancellationToken) is { AssignmentId: { } planned })
            {
                return planned;
            }
        }

        return null;
    }

    private async Task<IReadOnlyDictionary<string, string>> NewestAsync(CancellationToken cancellationToken)
    {
        var listed = await KeptScopes
            .ChildrenAsync(storage.Raw, FeedCatalogue.Campaigns.Name + "/", cancellationToken)
            .ToListAsync(cancellationToken);
        return await ListingAsync(listed.Max(StringComparer.Ordinal)?["run=".Length..] ?? "none", cancellationToken);
    }

    private async Task<IReadOnlyDictionary<string, string>> ListingAsync(string runId, CancellationToken cancellationToken)
    {
        var folder = BlobPaths.Window(FeedCatalogue.Campaigns, Scope.Tenant, Window.Snapshot, runId);
        var manifest = await raw.FindManifestAsync(folder + BlobPaths.ManifestName, cancellationToken);
        using var page = manifest is { Pages: [var first, ..] } ? await raw.FindBytesAsync(folder + first.Name, cancellationToken) : null;
        return page is null ? new Dictionary<string, string>() : Read(page.Bytes);
    }

    private async Task<Dictionary<string, string>> FromCubeAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var page = await cube.ReadAsync(includeInactive: true, cancellationToken);
            return Read(page.Body.Bytes);
        }
        catch (CubeException)
        {
            // Cube need not be within reach to erase: the report says what could not be searched whole.
            return [];
        }
    }

    private static Dictionary<string, string> Read(ReadOnlyMemory<byte> listing) =>
        Campaign
            .ReadAll(listing)
            .Where(campaign => campaign.AssignmentId is not null)
            .ToDictionary(campaign => campaign.Id, campaign => campaign.AssignmentId!, StringComparer.Ordinal);
}
