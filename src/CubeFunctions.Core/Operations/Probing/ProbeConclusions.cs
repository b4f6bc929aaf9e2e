using System.Net.Security;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Operations.Probing;

/// <summary>Says what the answers mean for these settings.</summary>
internal sealed class ProbeConclusions(
    CubeSettings settings,
    ProbePlan plan,
    ObservedConnection connection,
    ProbeState state,
    TimeProvider time
)
{
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ExpiresSoon = TimeSpan.FromDays(21);

    /// <summary>Adds what there is to say.</summary>
    public void Add()
    {
        if (state.Listing is not null)
        {
            AddOfListing();
        }

        foreach (var feed in plan.WithoutAnswer())
        {
            state.Add(
                ProbeFinding.Warning,
                "feed",
                $"{feed.Feed} of {feed.Scope} {feed.ScopeId} cannot be read ({feed.Reason ?? "404"}): ask for the permission, or leave the feed out of Sync__Feeds."
            );
        }

        foreach (var feed in plan.Failing())
        {
            state.Add(
                ProbeFinding.Warning,
                "feedFails",
                $"{feed.Feed} of {feed.Scope} {feed.ScopeId} cannot be read now ({feed.Reason}): probe again in some minutes."
            );
        }

        if (plan.NotOffered() is { Count: > 0 } other)
        {
            state.Add(
                ProbeFinding.Warning,
                "feedsOfOther",
                $"Sync__Feeds names {string.Join(", ", other)}, which {state.Catalogue!.Api} has not: name its own instead, {state.Catalogue.NamesLine}."
            );
        }

        if (connection.ClockAhead is { } ahead && ahead.Duration() > ClockTolerance)
        {
            state.Add(
                ProbeFinding.Warning,
                "clock",
                $"Cube's clock is {ahead.Duration().TotalSeconds:0} seconds {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} this machine's: set this one by a time server."
            );
        }

        if (
            connection.Certificate is { Errors: SslPolicyErrors.None } certificate
            && certificate.ValidUntil - time.GetUtcNow() < ExpiresSoon
        )
        {
            state.Add(
                ProbeFinding.Warning,
                "certificateEnds",
                $"Cube's certificate ends on {certificate.ValidUntil:yyyy-MM-dd}: nothing is read after that until it is renewed."
            );
        }

        if (state.Writes == "on" && state.Catalogue is { Writes: false })
        {
            state.Add(
                ProbeFinding.Note,
                "writes",
                "This tenant allows PUT although none is documented for its generation: Cube__Writes=true has upserts delivered."
            );
        }
    }

    private void AddOfListing()
    {
        if (state.Listing!.Campaigns == 0)
        {
            state.Add(
                ProbeFinding.Error,
                "noCampaigns",
                "The credential sees no campaign: ask whoever runs the tenant for access to its campaigns, or check Sync__Campaigns."
            );
        }
        else if (state.Catalogue is null)
        {
            state.Add(
                ProbeFinding.Error,
                "noGeneration",
                "No campaign says what its customers belong to, so the generation of the API is not known: set Cube__Api to Assignments or DataOwners."
            );
        }

        if (state.Catalogue is not null && state.InUse is not null && state.Catalogue != state.InUse)
        {
            state.Add(
                ProbeFinding.Error,
                "generationChanged",
                $"The tenant speaks {state.Catalogue.Api}, but this deployment reads {state.InUse.Api}, so its runs fail: Cube__Api={state.Catalogue.Api} moves it over, after which everything is read once more."
            );
        }

        if (state.External != settings.ExternalUser)
        {
            var user = state.External == true ? "an external user, with access to one client's data" : "an internal user";
            state.Add(
                ProbeFinding.Error,
                "user",
                $"The credential belongs to {user}: set Cube__ExternalUser={(state.External == true ? "true" : "false")}."
            );
        }

        if (state.IdInUrl is { } word && word == "imported" != TakesImportedId)
        {
            state.Add(
                ProbeFinding.Error,
                "customerIdInUrl",
                $"The address of one customer takes the {word} id: set Cube__CustomerIdInUrl={word}."
            );
        }
    }

    private bool TakesImportedId =>
        settings.IsCustomerIdInUrlSet ? settings.CustomerIdInUrl == CustomerIdInUrl.Imported : state.Catalogue?.ImportedIdInUrl == true;
}
