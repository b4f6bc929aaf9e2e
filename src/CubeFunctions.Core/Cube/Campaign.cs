using System.Text.Json;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Cube;

/// <summary>A campaign of the listing.</summary>
/// <param name="Id">Its id, as text.</param>
/// <param name="AssignmentId">The assignment that it belongs to, or null where the listing does not say.</param>
public sealed record Campaign(string Id, string? AssignmentId)
{
    /// <summary>Reads the campaigns of a listing. Ids may be numbers or text; entries that name no campaign are left out.</summary>
    internal static IReadOnlyList<Campaign> ReadAll(ReadOnlyMemory<byte> listing) => ReadAll(listing, out _);

    /// <summary>Reads a listing.</summary>
    /// <param name="listing">Its bytes, after a byte-order mark perhaps.</param>
    /// <param name="faults">What is wrong with single entries, in words: each costs that campaign, or its customers, and nothing else.</param>
    internal static IReadOnlyList<Campaign> ReadAll(ReadOnlyMemory<byte> listing, out IReadOnlyList<string> faults)
    {
        var campaigns = new Dictionary<string, Campaign>(StringComparer.Ordinal);
        var found = new List<string>();
        using var document = JsonDocument.Parse(PageReader.WithoutMark(listing));
        var place = 0;
        foreach (var entry in document.RootElement.EnumerateArray())
        {
            place++;
            if (entry.ValueKind != JsonValueKind.Object || (JsonText.Of(entry, "campaign_id") ?? JsonText.Of(entry, "id")) is not { } id)
            {
                found.Add($"entry {place} of the campaigns listing has no campaign_id: it is not read");
                continue;
            }

            var campaign = new Campaign(id, JsonText.Of(entry, "assignment_id"));
            if (campaigns.TryAdd(id, campaign) && campaign.AssignmentId is null)
            {
                found.Add($"campaign {id} has no assignment_id: its customers are not read");
            }
        }

        faults = found;
        return [.. campaigns.Values];
    }
}
