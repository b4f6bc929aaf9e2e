using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>Reads the list of campaigns and keeps it like any window: page, then manifest.</summary>
public sealed class ListingStore(CampaignListing listing, TenantGeneration generation, RunStore runs, RawStore raw, TimeProvider time)
{
    /// <summary>The list of active campaigns, to be asked for ahead of its use; the caller disposes it.</summary>
    internal ListingAhead Prepare(CancellationToken cancellationToken) => new(listing, time, cancellationToken);

    /// <summary>The list of active campaigns, as it was just received; the caller disposes it.</summary>
    internal async Task<ReceivedListing> ReadAsync(ListingAhead ahead, CancellationToken cancellationToken)
    {
        var (page, started) = await ahead.TakeAsync(cancellationToken);
        try
        {
            var catalogue = await generation.RecogniseAsync(page.Body.Bytes, cancellationToken);
            var campaigns = Campaign.ReadAll(page.Body.Bytes, catalogue, out var faults);
            return new ReceivedListing(page, catalogue, [.. campaigns.Where(campaign => !campaign.IsArchived)], faults, started);
        }
        catch
        {
            page.Dispose();
            throw;
        }
    }

    /// <summary>Campaigns that were asked for by id but are not active; one that Cube does not list at all is read all the same.</summary>
    internal async Task<(List<Campaign> Ended, IReadOnlyList<string> Unknown)> FindEndedAsync(
        IReadOnlyCollection<string> ids,
        CancellationToken cancellationToken
    )
    {
        if (ids.Count == 0)
        {
            return ([], []);
        }

        using var page = await listing.ReadAsync(includeInactive: true, cancellationToken);
        var all = Campaign.ReadAll(page.Body.Bytes).ToDictionary(campaign => campaign.Id);
        return ([.. ids.Select(id => all.GetValueOrDefault(id) ?? new Campaign(id, null))], [.. ids.Where(id => !all.ContainsKey(id))]);
    }

    /// <summary>Stores the list as that of a run, unless it is byte for byte that of the run before.</summary>
    /// <returns>What the run's item keeps of it.</returns>
    internal async Task<WindowResult> StoreAsync(ReceivedListing received, RunRow run, CancellationToken cancellationToken)
    {
        var sha256 = ManifestPage.HashOf(received.Page.Body.Bytes.Span);
        if (await FindUnchangedAsync(sha256, run, cancellationToken) is { } earlier)
        {
            return earlier;
        }

        var (page, archive) = (
            received.Page,
            new WindowArchive(
                raw,
                BlobPaths.Window(FeedCatalogue.Campaigns, Scope.Tenant, Window.Snapshot, run.RowKey),
                resumes: run.PlanAttempt > 1
            )
        );
        await archive.WriteAsync(run.PlanAttempt, 1, page.Body, cancellationToken);
        var manifest = await archive.CompleteAsync(
            new WindowManifest
            {
                RunId = run.RowKey,
                Feed = FeedCatalogue.Campaigns.Name,
                Scope = Scope.Tenant.KindName,
                ScopeId = Scope.Tenant.Id,
                Proof = Proof.Count,
                Sweeps = 1,
                ReportedCount = page.Summary.Records,
                Records = page.Summary.Records,
                DistinctKeys = page.Summary.KeyHashes.Distinct().Count(),
                Bytes = page.Body.Length,
                StartedAt = received.StartedAt,
                CompletedAt = time.GetUtcNow(),
                Pages = [new ManifestPage(BlobPaths.Page(run.PlanAttempt, 1), page.Summary.Records, page.Body.Length, sha256)],
            },
            cancellationToken
        );
        return new WindowResult(null, null, Proof.Count, 1, manifest.Records, manifest.Bytes, archive.ManifestPath, Unchanged: false);
    }

    /// <summary>What the run before keeps of its list, where that is the same, young enough and still stored.</summary>
    private async Task<WindowResult?> FindUnchangedAsync(string sha256, RunRow run, CancellationToken cancellationToken)
    {
        // An earlier try to plan this run may have stored the list: it goes on from there.
        if (
            run is not { PlanAttempt: 1, PreviousRun: { } previous }
            || (await runs.FindItemAsync(previous, ItemRow.KeyOf(FeedCatalogue.Campaigns, Scope.Tenant), cancellationToken))?.ReadWindows()
                is not [var last]
        )
        {
            return null;
        }

        try
        {
            return
                await raw.FindManifestAsync(last.Manifest, cancellationToken) is { Pages: [var stored] } manifest
                && stored.Sha256 == sha256
                && time.GetUtcNow() - manifest.CompletedAt < EarlierReading.MaxAge
                && await raw.ExistsAsync(last.Manifest[..^BlobPaths.ManifestName.Length] + stored.Name, cancellationToken)
                ? last with
                {
                    Unchanged = true,
                }
                : null;
        }
        catch (System.Text.Json.JsonException)
        {
            // No manifest any more.
            return null;
        }
    }
}

/// <summary>A list of campaigns as received.</summary>
/// <param name="Page">Its bytes.</param>
/// <param name="Generation">The generation that it is in.</param>
/// <param name="Campaigns">The campaigns in it, without archived ones.</param>
/// <param name="Faults">What is wrong with single entries, in words.</param>
/// <param name="StartedAt">When it was asked for.</param>
internal sealed record ReceivedListing(
    Page Page,
    ApiCatalogue Generation,
    IReadOnlyList<Campaign> Campaigns,
    IReadOnlyList<string> Faults,
    DateTimeOffset StartedAt
) : IDisposable
{
    public void Dispose() => Page.Dispose();
}
