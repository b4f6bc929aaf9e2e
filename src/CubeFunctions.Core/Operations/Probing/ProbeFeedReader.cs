using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Operations.Probing;

/// <summary>Asks each feed for a first page in a few scopes.</summary>
/// <param name="plan">What a run would read.</param>
/// <param name="questions">Asks.</param>
/// <param name="state">What is known.</param>
internal sealed class ProbeFeedReader(ProbePlan plan, ProbeQuestions questions, ProbeState state)
{
    /// <summary>Scopes of each feed that are asked at most.</summary>
    private const int MostSamples = 3;

    /// <summary>Asks every feed in one scope.</summary>
    public Task ReadFirstAsync(CancellationToken cancellationToken) => ReadSampleAsync(0, static _ => true, cancellationToken);

    /// <summary>
    /// Asks the feeds that are read in other scopes: how much there is of those that answer, and whether the others do elsewhere.
    /// </summary>
    public async Task ReadOthersAsync(CancellationToken cancellationToken)
    {
        for (var sample = 1; sample < MostSamples; sample++)
        {
            await ReadSampleAsync(
                sample,
                feed =>
                    plan.IsRead(feed)
                    && state.Feeds.Any(known =>
                        known.Feed == feed.Setting && (known.Answer == "ok" || (sample == 1 && known.Answer != "failed"))
                    ),
                cancellationToken
            );
        }
    }

    private async Task ReadSampleAsync(int sample, Func<Feed, bool> isWanted, CancellationToken cancellationToken)
    {
        foreach (var feed in state.Catalogue?.Feeds.Where(static feed => feed.Scope != ScopeKind.Tenant) ?? [])
        {
            var scopes = state.ScopesOf(feed);
            if (scopes.Count > sample && isWanted(feed))
            {
                await ReadAsync(feed, scopes[Pick(sample, scopes.Count)], cancellationToken);
            }
        }
    }

    /// <summary>The first, the last, and one in the middle.</summary>
    private static int Pick(int sample, int count) =>
        sample switch
        {
            0 => 0,
            1 => count - 1,
            _ => count / 2,
        };

    private async Task ReadAsync(Feed feed, Scope scope, CancellationToken cancellationToken)
    {
        var query = feed.Dated ? new Window(plan.FirstDay, plan.Today).Query : "";
        var probed = new ProbeFeed(feed.Setting, scope.KindName, scope.Id, feed.Path, "notAsked");
        foreach (var (form, other) in feed.OtherPath is { } second ? [(feed.Path, false), (second, true)] : new[] { (feed.Path, false) })
        {
            var (page, milliseconds) = await questions.TryReadAsync(feed, feed.PathOf(scope, other), query, cancellationToken);
            using (page)
            {
                if (page is not null)
                {
                    state.Feeds.Add(Describe(probed with { Path = form, Answer = "ok", Milliseconds = milliseconds }, feed, page, query));
                    state.Customer ??= feed.ListsCustomers ? ProbeCustomer.Find(page, PlacesOf(feed, scope, other)) : null;
                    return;
                }
            }

            if (questions.Failure is not { } failure)
            {
                break;
            }

            probed = probed with { Answer = Word(failure), Reason = failure.Kind == CubeFailureKind.NotFound ? null : failure.Message };
            if (failure.Kind != CubeFailureKind.NotFound)
            {
                break;
            }
        }

        state.Feeds.Add(probed);
    }

    private static List<ProbePlace> PlacesOf(Feed feed, Scope scope, bool other)
    {
        var places = new List<ProbePlace> { new(feed.PathOf(scope, other), other ? feed.OtherPath! : feed.Path) };
        if (feed.OtherPath is { } second)
        {
            places.Add(new ProbePlace(feed.PathOf(scope, !other), other ? feed.Path : second));
        }

        return places;
    }

    private static string Word(CubeException failure) =>
        failure.Kind switch
        {
            CubeFailureKind.NotFound => "notFound",
            CubeFailureKind.Forbidden => "forbidden",
            _ => "failed",
        };

    private static ProbeFeed Describe(ProbeFeed probed, Feed feed, Page page, string query)
    {
        var summary = page.Summary;
        var isFull = feed.Shape == FeedShape.Paged && summary.Records > 0 && summary.Count > summary.Records;
        return probed with
        {
            Count = summary.Count,
            FirstPage = summary.Records,
            PageSize = isFull ? summary.Records : null,
            Members = ProbeMembers.OfPage(feed, page),
            PagedByNumber = isFull && (summary.Next is not { } next || NextLink.PageOf(NextLink.QueryOf(next, query)) is null),
        };
    }
}
