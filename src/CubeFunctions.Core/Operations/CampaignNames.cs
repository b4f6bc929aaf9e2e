using System.Text.Json;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Operations;

/// <summary>
/// Names of campaigns, from the listing of the newest run, or of the run whose listing it found unchanged. Three reads a run.
/// </summary>
internal sealed class CampaignNames(RunStore runs, RawStore raw)
{
    private const int LongestName = 200;
    private static readonly string[] NameMembers = ["campaign__name", "campaign_name", "name"];

    /// <summary>Reads them.</summary>
    /// <param name="recent">Runs, newest first.</param>
    /// <param name="scopes">All checkpoints: a campaign that left the listing keeps its name while it has one.</param>
    /// <param name="before">What was read before.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <returns>The run that they are of, and the names by id.</returns>
    public async Task<(string? Of, IReadOnlyList<CampaignView> Names)> ReadAsync(
        IReadOnlyList<RunRow> recent,
        IReadOnlyList<CheckpointRow> scopes,
        Figures? before,
        CancellationToken cancellationToken
    )
    {
        var run = recent.FirstOrDefault(run => run.Items > 0)?.RowKey;
        if (run is null || run == before?.NamesOf || await ReadAsync(run, cancellationToken) is not { } listed)
        {
            return (before?.NamesOf, before?.Campaigns ?? []);
        }

        var names = (before?.Campaigns ?? []).ToDictionary(campaign => campaign.Id, campaign => campaign.Name, StringComparer.Ordinal);
        var read = scopes
            .Where(scope => scope.ScopeKind == Scope.NameOf(ScopeKind.Campaign))
            .Select(scope => scope.ScopeId)
            .ToHashSet(StringComparer.Ordinal);
        foreach (var gone in names.Keys.Where(id => !read.Contains(id)).ToList())
        {
            names.Remove(gone);
        }

        foreach (var (id, name) in listed)
        {
            names[id] = name;
        }

        return (run, [.. names.OrderBy(name => name.Key, StringComparer.Ordinal).Select(name => new CampaignView(name.Key, name.Value))]);
    }

    /// <summary>Names in the listing of a run; null where it cannot be read.</summary>
    private async Task<List<(string Id, string Name)>?> ReadAsync(string run, CancellationToken cancellationToken)
    {
        try
        {
            if (
                (await runs.FindItemAsync(run, ItemRow.KeyOf(FeedCatalogue.Campaigns, Scope.Tenant), cancellationToken))?.ReadWindows()
                    is not [var window]
                || await raw.FindManifestAsync(window.Manifest, cancellationToken) is not { Pages: [var page, ..] }
            )
            {
                return null;
            }

            using var body = await raw.FindBytesAsync(window.Manifest[..^BlobPaths.ManifestName.Length] + page.Name, cancellationToken);
            if (body is null)
            {
                return null;
            }

            using var document = JsonDocument.Parse(PageReader.WithoutMark(body.Bytes));
            return
            [
                .. document
                    .RootElement.EnumerateArray()
                    .Select(entry => (Id: CampaignEntry.IdOf(entry), Name: NameOf(entry)))
                    .Where(static campaign => campaign.Id is not null && campaign.Name is not null)
                    .Select(static campaign => (campaign.Id!, campaign.Name!)),
            ];
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // No listing: ids will do.
            return null;
        }
    }

    private static string? NameOf(JsonElement entry) =>
        entry.ValueKind == JsonValueKind.Object
        && NameMembers.Select(member => JsonText.Of(entry, member)).FirstOrDefault(static name => !string.IsNullOrWhiteSpace(name))
            is { } name
            ? name[..Math.Min(name.Length, LongestName)]
            : null;
}
