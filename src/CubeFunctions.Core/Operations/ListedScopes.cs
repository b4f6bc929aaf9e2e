using CubeFunctions.Core.Cube;

namespace CubeFunctions.Core.Operations;

/// <summary>What Cube lists, ended campaigns included: a choice of anything else would read nothing.</summary>
internal static class ListedScopes
{
    private const int Shown = 10;

    /// <summary>What is wrong with a choice, in words that begin with the name of the member or option.</summary>
    /// <exception cref="CubeException">The list cannot be had.</exception>
    public static async Task<IReadOnlyList<string>> FindFaultsAsync(
        CampaignListing listing,
        (string Name, IReadOnlyList<string> Ids) campaigns,
        (string Name, IReadOnlyList<string> Ids) assignments,
        CancellationToken cancellationToken
    )
    {
        if (campaigns.Ids.Count + assignments.Ids.Count == 0)
        {
            return [];
        }

        using var page = await listing.ReadAsync(includeInactive: true, cancellationToken);
        var listed = Campaign.ReadAll(page.Body.Bytes);
        var known = listed.Select(campaign => campaign.AssignmentId).OfType<string>().Distinct().ToList();
        return
        [
            .. campaigns
                .Ids.Except(listed.Select(campaign => campaign.Id))
                .Select(id => $"{campaigns.Name}: Cube lists no campaign '{id}'; {Known(listed.Select(campaign => campaign.Id))}"),
            .. assignments
                .Ids.Except(known)
                .Select(id => $"{assignments.Name}: no campaign that Cube lists is of assignment '{id}'; {Known(known)}"),
        ];
    }

    private static string Known(IEnumerable<string> ids)
    {
        var all = ids.Order(StringComparer.Ordinal).ToList();
        return all.Count switch
        {
            0 => "it lists none",
            <= Shown => $"it lists {string.Join(", ", all)}",
            _ => $"it lists {string.Join(", ", all.Take(Shown))} and {all.Count - Shown} more",
        };
    }
}
