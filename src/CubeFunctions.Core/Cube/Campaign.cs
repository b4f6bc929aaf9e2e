using System.Text.Json;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Cube;

/// <summary>A campaign of the listing.</summary>
/// <param name="Id">Its id, as text.</param>
/// <param name="AssignmentId">The assignment that it belongs to, or null where the listing does not say.</param>
public sealed record Campaign(string Id, string? AssignmentId)
{
    /// <summary>Reads the listing. Ids may be numbers or text.</summary>
    /// <exception cref="CubeException">A campaign has no id.</exception>
    internal static IReadOnlyList<Campaign> ReadAll(ReadOnlyMemory<byte> listing)
    {
        using var document = JsonDocument.Parse(listing);
        return [.. document.RootElement.EnumerateArray().Select(campaign => new Campaign(
            JsonText.Of(campaign, "campaign_id") ?? JsonText.Of(campaign, "id") ?? throw new CubeException(CubeFailureKind.MalformedPage, "a campaign of the listing has no campaign_id"),
            JsonText.Of(campaign, "assignment_id"))).DistinctBy(campaign => campaign.Id)];
    }
}
