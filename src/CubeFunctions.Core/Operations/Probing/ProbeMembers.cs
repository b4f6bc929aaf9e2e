using System.Text.Json;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Operations.Probing;

/// <summary>Which of the documented members a tenant's records have: they tell its variant.</summary>
internal static class ProbeMembers
{
    /// <summary>The members of a listing that name campaigns and what their customers belong to.</summary>
    public static IReadOnlyList<string> OfListing(ReadOnlyMemory<byte> listing)
    {
        using var document = JsonDocument.Parse(PageReader.WithoutMark(listing));
        var names = FeedCatalogue
            .Campaigns.Key.Parts[0]
            .Concat(
                FeedCatalogue.Generations.SelectMany(static generation => generation.CustomersScopeMembers).SelectMany(static part => part)
            );
        return
        [
            .. names.Where(name =>
                document
                    .RootElement.EnumerateArray()
                    .Any(entry => entry.ValueKind == JsonValueKind.Object && JsonText.Of(entry, name) is not null)
            ),
        ];
    }

    /// <summary>The members of a page's first records that identify them.</summary>
    public static IReadOnlyList<string> OfPage(Feed feed, Page page)
    {
        const int Looked = 20;
        var names = feed.Key.Parts.Concat(feed.CustomerIds).SelectMany(static part => part).Distinct().ToList();
        var found = new HashSet<string>();
        foreach (var bounds in page.Records.Bounds.Take(Looked))
        {
            using var record = JsonDocument.Parse(bounds.Of(page.Body.Bytes));
            found.UnionWith(names.Where(name => JsonText.Of(record.RootElement, name) is not null));
        }

        return [.. names.Where(found.Contains)];
    }
}
