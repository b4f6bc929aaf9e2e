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

    /// <summary>Asks them: every feed in one scope, then those that answer, and are read, in others.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        if (state.Catalogue is null)
        {
            return;
        }

        var feeds = state.Catalogue.Feeds.Where(static feed => feed.Scope != ScopeKind.Tenant).ToList();
        for (var sample = 0; sample < MostSamples; sample++)
        {
            foreach (var feed in feeds)
            {
                var scopes = state.ScopesOf(feed);
                if (
                    scopes.Count > sample
                    && (sample == 0 || (plan.IsRead(feed) && state.Feeds.Any(known => known.Feed == feed.Setting && known.Answer == "ok")))
                )
                {
                    await ReadAsync(feed, scopes[Pick(sample, scopes.Count)], cancellationToken);
                }
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
                    state.Customer ??= feed.ListsCustomers ? ProbeCustomer.Find(page, feed.PathOf(scope, other), form) : null;
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
