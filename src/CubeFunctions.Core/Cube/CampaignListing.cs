using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;





namespace CubeFunctions.Core.Cube;

/// <summary>Finds the listing of campaigns, whose path depends on the kind of user and on the age of the tenant.</summary>
public sealed class CampaignListing(CubeClient cube, CubeSettings settings)
{
    private const string External = "/client_access/campaigns";
    private const string Internal = "/campaigns";
    private const string Later = "/api/v1/campaigns";

    /// <summary>Reads the listing.</summary>
    /// <param name="includeInactive">Whether ended campaigns are wanted as well.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The page as received; the caller disposes it.</returns>
    /// <exception cref="CubeException">No listing could be read.</exception>
    public async Task<Page> ReadAsync(bool includeInactive, CancellationToken cancellationToken)
    {
        var query = includeInactive ? "include_inactive_campaigns=True" : "";
        if (settings.ExternalUser)
        {
            return await cube.GetPageAsync(FeedCatalogue.Campaigns, External, query, cancellationToken);
        }

        try
        {
            return await cube.GetPageAsync(FeedCatalogue.Campaigns, Internal, query, cancellationToken);
        }
        catch (CubeException first) when (first.Kind is CubeFailureKind.NotJson or CubeFailureKind.NotFound)
        {
            try
            {
                return await cube.GetPageAsync(FeedCatalogue.Campaigns, Later, query, cancellationToken);
            }
            catch (CubeException second) when (second.Kind is CubeFailureKind.NotJson or CubeFailureKind.NotFound)
            {
                // Neither path has it: what the first one said tells more.
                throw first;
            }
        }
    }
}
