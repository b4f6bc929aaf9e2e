using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Cube;

/// <summary>Finds the listing of campaigns, whose path depends on the kind of user and on the age of the tenant.</summary>
public sealed class CampaignListing(CubeClient cube, CubeSettings settings, TenantGeneration generation)
{
    private volatile string? _found;

    /// <summary>Reads the listing.</summary>
    /// <param name="includeInactive">Whether ended campaigns are wanted as well.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The page as received; the caller disposes it.</returns>
    /// <exception cref="CubeException">No listing could be read.</exception>
    public async Task<Page> ReadAsync(bool includeInactive, CancellationToken cancellationToken)
    {
        var query = includeInactive ? "include_inactive_campaigns=True" : "";
        var catalogue = await generation.GetAsync(cancellationToken);
        var paths = settings.ExternalUser ? catalogue.ExternalListingPaths : catalogue.ListingPaths;
        CubeException? first = null;
        foreach (var path in _found is { } found ? [found] : paths)
        {
            try
            {
                var page = await cube.GetPageAsync(FeedCatalogue.Campaigns, path, query, cancellationToken);
                _found = path;
                return page;
            }
            catch (CubeException exception) when (exception.Kind is CubeFailureKind.NotJson or CubeFailureKind.NotFound)
            {
                // Where no path has it, the first one's answer is the more telling.
                first ??= exception;
                _found = null;
            }
        }

        throw first!;
    }
}
