using System.Text.Json;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Cube;

/// <summary>Reads one entry of the campaigns listing, whatever generation or variant it is in.</summary>
internal static class CampaignEntry
{
    private static readonly IReadOnlyList<string> IdMembers = FeedCatalogue.Campaigns.Key.Parts[0];

    /// <summary>
    /// The generations that a listing is in, by the members of its entries. Both for one that names assignments and data owners.
    /// </summary>
    public static IReadOnlyList<ApiCatalogue> Recognise(ReadOnlyMemory<byte> listing)
    {
        using var document = JsonDocument.Parse(PageReader.WithoutMark(listing));
        var entries = document.RootElement.EnumerateArray().Where(static entry => entry.ValueKind == JsonValueKind.Object).ToList();
        return [.. FeedCatalogue.Generations.Where(generation => entries.Exists(entry => Names(entry, generation.CustomersScopeMembers)))];
    }

    /// <summary>The campaign's id, as text; null where it has none that can be read.</summary>
    public static string? IdOf(JsonElement entry) =>
        entry.ValueKind == JsonValueKind.Object && Find(entry, IdMembers) is { } id && Scope.IsId(id) ? id : null;

    /// <summary>The id of what the campaign's customers belong to.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="generation">The generation that it is read as.</param>
    /// <param name="missing">The member that it lacks.</param>
    public static string? CustomersScopeOf(JsonElement entry, ApiCatalogue generation, out string? missing)
    {
        var parts = new List<string>();
        foreach (var members in generation.CustomersScopeMembers)
        {
            var isLast = parts.Count == generation.CustomersScopeMembers.Count - 1;
            if (Find(entry, members) is not { } part || !Scope.IsId(part) || (!isLast && part.Contains('-', StringComparison.Ordinal)))
            {
                missing = members[0];
                return null;
            }

            parts.Add(part);
        }

        missing = null;
        return string.Join('-', parts);
    }

    /// <summary>Whether the campaign is over and was put away: it has a date of that, and does not say that it is active.</summary>
    public static bool IsArchived(JsonElement entry) =>
        JsonText.Of(entry, "campaign__archived_date") is not null
        && !(entry.TryGetProperty("campaign__is_active", out var active) && active.ValueKind == JsonValueKind.True);

    private static string? Find(JsonElement entry, IReadOnlyList<string> members) =>
        members.Select(member => JsonText.Of(entry, member)).FirstOrDefault(static value => value is not null);

    private static bool Names(JsonElement entry, IReadOnlyList<IReadOnlyList<string>> parts) =>
        parts.Any(members => members.Any(member => entry.TryGetProperty(member, out _)));
}
