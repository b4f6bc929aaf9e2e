using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Sync;

/// <summary>Decides which scopes and feeds a run reads, and from which day on. No I/O.</summary>
internal sealed class ItemPlan(
    RunRow run,
    IReadOnlyDictionary<(string, string), CheckpointRow> checkpoints,
    SyncSettings settings,
    DateTimeOffset now
)
{
    private const int DefaultDaysBack = 30;

    /// <summary>A listed campaign that once answered 404 is asked again after this time.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromHours(24);

    /// <summary>The deep look-back is weekly. Half a day less, so that what has not changed since is still known by its reading.</summary>
    private static readonly TimeSpan DeepEvery = TimeSpan.FromDays(6.5);

    private readonly Dictionary<string, ItemRow> _items = new(StringComparer.Ordinal);
    private readonly string[] _names = run.Feeds.Split(',', StringSplitOptions.RemoveEmptyEntries);
    private ApiCatalogue _generation = FeedCatalogue.Assignments;
    private IReadOnlyList<Feed> _feeds = [];
    private DateTimeOffset? _switchedAt;
    private readonly (HashSet<string> Campaigns, HashSet<string> Assignments) _chosen = run.ReadChosen();

    /// <summary>Campaigns that were chosen by id; empty for all.</summary>
    public HashSet<string> Chosen => _chosen.Campaigns;

    /// <summary>The items, one for each scope and feed.</summary>
    public IReadOnlyList<ItemRow> Items => [.. _items.Values];

    /// <summary>Says which generation the tenant speaks. Before anything is planned.</summary>
    /// <param name="generation">The generation.</param>
    /// <param name="switchedAt">When the deployment moved over to it from the other one; null where it did not.</param>
    /// <returns>Feeds of the other generation that the run asks for: they are not read.</returns>
    public IReadOnlyList<string> Use(ApiCatalogue generation, DateTimeOffset? switchedAt)
    {
        (_generation, _switchedAt) = (generation, switchedAt);
        _feeds = [.. _names.Select(generation.Find).OfType<Feed>().Distinct()];
        return generation.FindNotOffered(_names);
    }

    /// <summary>Plans by a list of campaigns.</summary>
    /// <param name="active">The active campaigns.</param>
    /// <param name="ended">Campaigns that were chosen and are not active.</param>
    public void AddListed(IReadOnlyList<Campaign> active, IReadOnlyList<Campaign> ended)
    {
        var listed = active.Where(IsWanted).ToList();
        foreach (var feed in _feeds.Where(feed => feed.Scope == ScopeKind.Campaign))
        {
            listed.ForEach(campaign => Add(feed, new Scope(ScopeKind.Campaign, campaign.Id), isListed: true, campaign.AssignmentId));
            foreach (var campaign in ended)
            {
                Add(feed, new Scope(ScopeKind.Campaign, campaign.Id), isListed: false, campaign.AssignmentId);
            }
        }

        AddKnown(ScopeKind.Campaign);
        var assignments =
            _chosen.Assignments.Count > 0
                ? _chosen.Assignments
                : [.. listed.Concat(ended).Select(campaign => campaign.AssignmentId).OfType<string>()];
        foreach (var feed in _feeds.Where(feed => feed.Scope == _generation.CustomersScope))
        {
            foreach (var id in assignments.Order(StringComparer.Ordinal))
            {
                Add(feed, new Scope(feed.Scope, id), isListed: true, null);
            }
        }
    }

    /// <summary>
    /// Plans without a list, by what is known of earlier runs: a list that cannot be had costs what is new in it, and nothing else.
    /// </summary>
    public void AddAllKnown()
    {
        AddKnown(ScopeKind.Campaign);
        AddKnown(_generation.CustomersScope);
    }

    /// <summary>What the settings name and nothing is read of: said by every run, since it would pass for a success.</summary>
    /// <param name="unknown">Campaigns that were chosen, and that Cube lists neither as active nor as ended.</param>
    public IEnumerable<string> NoticesOf(IReadOnlyList<string> unknown)
    {
        // Tenants that list no ended campaigns go on to give what is theirs.
        var read = checkpoints.Values.Where(row => row.ProvenAt is not null && row.Scope.Kind == ScopeKind.Campaign);
        foreach (var id in unknown.Except(read.Select(row => row.ScopeId)).Order(StringComparer.Ordinal))
        {
            yield return $"Cube lists no campaign {id}: nothing of it is read (Sync__Campaigns)";
        }

        if (run.From is null && settings.StartDate > ItemRow.Day(run.Today) && _feeds.Any(feed => feed.Dated))
        {
            yield return $"Sync__StartDate {settings.StartDate.Value.Iso()} is in the future: new scopes of dated feeds are not read before it";
        }
    }

    /// <summary>An item of the run.</summary>
    public ItemRow NewItem(Feed feed, Scope scope, bool isListed, CheckpointRow? row)
    {
        var today = ItemRow.Day(run.Today)!.Value;
        DateTimeOffset? anew =
            _switchedAt is { } at && FeedCatalogue.IsOfBoth(feed) && row is not null && !(row.AnewSince >= at) ? at : null;
        var (first, deep) = feed.Dated ? FirstDays(feed, anew is null ? row : null, today) : default;
        return new ItemRow
        {
            PartitionKey = run.RowKey,
            RowKey = ItemRow.KeyOf(feed, scope),
            Feed = feed.Setting,
            ScopeKind = scope.KindName,
            ScopeId = scope.Id,
            Kind = run.Kind,
            Today = run.Today,
            From = feed.Dated ? run.From ?? first.Iso() : null,
            To = feed.Dated ? run.To ?? run.Today : null,
            DeepFrom = run.Kind == RunKind.Manual ? null : deep?.Iso(),
            Listed = isListed,
            AnewSince = anew,
            Deliver = run.Deliver,
            WakeAt = now,
        };
    }

    /// <summary>Scopes that earlier runs read: campaigns that left the list are read on until their last days are proven.</summary>
    private void AddKnown(ScopeKind kind)
    {
        if (run.Kind == RunKind.Manual)
        {
            return;
        }

        foreach (var feed in _feeds.Where(feed => feed.Scope == kind))
        {
            var known = checkpoints.Values.Where(row => row.Feed == feed.Setting && row.ListedOn is not null && row.Scope.Kind == kind);
            foreach (
                var row in known.Where(row =>
                    kind == ScopeKind.Campaign ? IsWanted(new Campaign(row.ScopeId, row.AssignmentId)) : IsWantedAssignment(row.ScopeId)
                )
            )
            {
                Add(feed, row.Scope, isListed: false, row.AssignmentId);
            }
        }
    }

    private void Add(Feed feed, Scope scope, bool isListed, string? assignmentId)
    {
        var row = checkpoints.GetValueOrDefault((CheckpointRow.PartitionOf(scope), feed.Setting));
        if (run.Kind == RunKind.Manual || !IsRetired(row, isListed))
        {
            var item = NewItem(feed, scope, isListed, row);
            item.AssignmentId = scope.Kind == ScopeKind.Campaign ? assignmentId : null;
            _items.TryAdd(item.RowKey, item);
        }
    }

    private bool IsWanted(Campaign campaign) =>
        (Chosen.Count == 0 || Chosen.Contains(campaign.Id))
        && (
            _chosen.Assignments.Count == 0
            || Chosen.Contains(campaign.Id)
            || (campaign.AssignmentId is { } id && _chosen.Assignments.Contains(id))
        );

    private bool IsWantedAssignment(string id) => _chosen.Assignments.Count == 0 || _chosen.Assignments.Contains(id);

    private bool IsRetired(CheckpointRow? row, bool isListed) =>
        row?.RetiredAt is { } at && !(isListed && (row.RetiredReason == CheckpointRow.Ended || now - at > AskAgain));

    /// <summary>The first day of the look-back, and that of the deep one where it is due.</summary>
    private (DateOnly First, DateOnly? Deep) FirstDays(Feed feed, CheckpointRow? row, DateOnly today)
    {
        if (row?.ThroughDay is not { } through)
        {
            return (settings.StartDate ?? today.AddDays(-DefaultDaysBack), null);
        }

        var first = through.AddDays(-settings.LookbackOf(feed));
        first = ItemRow.Day(row.AbsentFrom) is { } absent && absent < first ? absent : first;
        var known = row.KnownSince is { } since ? DateOnly.FromDateTime(since.UtcDateTime).AddDays(-DefaultDaysBack) : first;

        // Days before the first one asked for are not read, however deep the look-back.
        var floor = settings.StartDate ?? known;
        var deep = through.AddDays(-settings.DeepLookbackDays);
        deep = deep < floor ? floor : deep;
        return (first, deep < first && now - (row.DeepReadAt ?? row.KnownSince) >= DeepEvery ? deep : null);
    }
}
