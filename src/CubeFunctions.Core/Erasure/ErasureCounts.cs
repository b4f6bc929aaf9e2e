using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;

namespace CubeFunctions.Core.Erasure;

/// <summary>The tallies of one erasure: one a feed, and one for what is kept outside of scopes.</summary>
internal sealed class ErasureCounts
{
    private readonly Dictionary<Feed, ErasureTally> _feeds = [];

    /// <summary>What is kept outside of scopes.</summary>
    public ErasureTally Total { get; } = new();

    /// <summary>Feeds that were searched, in the order in which they were.</summary>
    public IEnumerable<KeyValuePair<Feed, ErasureTally>> Feeds => _feeds;

    /// <summary>Campaigns whose assignment could not be found out.</summary>
    public int CampaignsOfUnknownAssignment { get; set; }

    /// <summary>Ids of assignments or CRMs of the other generation whose customers are kept as well.</summary>
    public IReadOnlyList<string> OtherGeneration { get; set; } = [];

    /// <summary>A feed's tally, over all its scopes.</summary>
    public ErasureTally Of(Feed feed)
    {
        if (!_feeds.TryGetValue(feed, out var tally))
        {
            _feeds[feed] = tally = new ErasureTally();
        }

        return tally;
    }
}
