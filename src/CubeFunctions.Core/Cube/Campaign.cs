using System.Text.Json;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Cube;

/// <summary>A campaign of the listing.</summary>
/// <param name="Id">Its id, as text.</param>
/// <param name="AssignmentId">The assignment or CRM that it belongs to, or null where the listing does not say.</param>
public sealed record Campaign(string Id, string? AssignmentId)
{
    /// <summary>Whether it was archived: read only where it is asked for by id.</summary>
    public bool IsArchived { get; init; }

    /// <summary>
    /// Reads the campaigns of a listing of either generation. Ids may be numbers or text; entries that name no campaign are left out.
    /// </summary>
    internal static IReadOnlyList<Campaign> ReadAll(ReadOnlyMemory<byte> listing) =>
        ReadAll(listing, CampaignEntry.Recognise(listing) is [var generation, ..] ? generation : FeedCatalogue.Assignments, out _);

    /// <summary>Reads a listing.</summary>
    /// <param name="listing">Its bytes, after a byte-order mark perhaps.</param>
    /// <param name="generation">The generation that it is read as.</param>
    /// <param name="faults">What is wrong with single entries, in words: each costs that campaign, or its customers, and nothing
    /// else.</param>
    internal static IReadOnlyList<Campaign> ReadAll(ReadOnlyMemory<byte> listing, ApiCatalogue generation, out IReadOnlyList<string> faults)
    {
        var campaigns = new Dictionary<string, Campaign>(StringComparer.Ordinal);
        var found = new List<string>();
        using var document = JsonDocument.Parse(PageReader.WithoutMark(listing));
        var place = 0;
        foreach (var entry in document.RootElement.EnumerateArray())
        {
            place++;
            if (CampaignEntry.IdOf(entry) is not { } id)
            {
                found.Add($"entry {place} of the campaigns listing has no campaign_id: it is not read");
                continue;
            }

            var campaign = new Campaign(id, CampaignEntry.CustomersScopeOf(entry, generation, out var missing))
            {
                IsArchived = CampaignEntry.IsArchived(entry),
            };
            if (campaigns.TryAdd(id, campaign) && missing is not null && !campaign.IsArchived)
            {
                found.Add($"campaign {id} has no {missing}: its customers are not read");
            }
        }

        faults = found;
        return [.. campaigns.Values];
    }
}
