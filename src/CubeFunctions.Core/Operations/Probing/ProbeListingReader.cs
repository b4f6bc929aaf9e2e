using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Operations.Probing;

/// <summary>Finds the campaigns listing, whose path depends on the kind of user and on the age of the tenant.</summary>
internal sealed class ProbeListingReader(CubeSettings settings, SyncSettings sync, ProbeQuestions questions, ProbeState state)
{
    private const int MostFaults = 3;

    /// <summary>Reads it.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var known = state.InUse ?? FeedCatalogue.Assignments;
        CubeException? worst = null;
        var telling = 0;
        var paths = known
            .ExternalListingPaths.Select(static path => (path, external: true))
            .Concat(known.ListingPaths.Select(static path => (path, external: false)));
        foreach (var (path, external) in paths.OrderBy(one => one.external != settings.ExternalUser))
        {
            // Of two listings the one with campaigns counts: the other kind of user may be shown an empty one.
            if (state.Listing is { Campaigns: > 0 })
            {
                break;
            }

            if (state.Listing is not null && state.External == external)
            {
                continue;
            }

            var (page, milliseconds) = await questions.TryReadAsync(FeedCatalogue.Campaigns, path, "", cancellationToken);
            using (page)
            {
                if (page is not null)
                {
                    Take(page, path, external, milliseconds);
                }
                else if (questions.Failure is { } failure && Telling(failure, external) > telling)
                {
                    (worst, telling) = (failure, Telling(failure, external));
                }
            }
        }

        if (state.Listing is null && !questions.Stopped && worst is not null)
        {
            questions.Stop(worst);
        }
    }

    /// <summary>
    /// How much a failure says of what is wrong: at the path of the other kind of user less than at the own one, unless that is not there
    /// at all.
    /// </summary>
    private int Telling(CubeException failure, bool external) =>
        failure.Kind switch
        {
            CubeFailureKind.NotFound => 1,
            _ when external != settings.ExternalUser => 2,
            CubeFailureKind.MalformedPage => 3,
            CubeFailureKind.NotJson => 4,
            CubeFailureKind.Forbidden => 5,
            _ => 6,
        };

    private void Take(Page page, string path, bool external, int milliseconds)
    {
        var bytes = page.Body.Bytes;
        var spoken = CampaignEntry.Recognise(bytes);
        var catalogue =
            state.InUse is not null && spoken.Contains(state.InUse) ? state.InUse
            : spoken.Count > 0 ? spoken[0]
            : null;
        var campaigns = Campaign.ReadAll(bytes, catalogue ?? state.InUse ?? FeedCatalogue.Assignments, out var faults);
        if (state.Listing is not null && campaigns.Count == 0)
        {
            return;
        }

        var read = campaigns
            .Where(campaign => sync.Campaigns.Count == 0 ? !campaign.IsArchived : sync.Campaigns.Contains(campaign.Id))
            .ToList();
        var kind = (catalogue ?? FeedCatalogue.Assignments).CustomersScope;
        (state.External, state.Catalogue) = (external, catalogue);
        state.Campaigns = read.ConvertAll(static campaign => new Scope(ScopeKind.Campaign, campaign.Id));
        state.Places =
        [
            .. read.Select(static campaign => campaign.AssignmentId).OfType<string>().Distinct().Select(id => new Scope(kind, id)),
        ];
        state.Listing = new ProbeListing(
            path,
            read.Count,
            campaigns.Count(static campaign => campaign.IsArchived),
            Scope.NameOf(kind),
            state.Places.Count,
            ProbeMembers.OfListing(bytes),
            milliseconds
        );
        foreach (var fault in faults.Take(MostFaults))
        {
            state.Add(ProbeFinding.Warning, "campaign", $"Broken campaign: {fault}.");
        }
    }
}
