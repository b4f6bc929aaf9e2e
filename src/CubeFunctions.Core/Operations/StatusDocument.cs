namespace CubeFunctions.Core.Operations;

/// <summary>What <c>GET /api/status</c> answers: ids, campaigns and counts, nothing of a customer.</summary>
/// <param name="Api">The generation of Cube's API that is read; null before the first listing.</param>
/// <param name="WritesOff">Why upserts are kept and not delivered, by the settings or the generation; null where they are
/// delivered.</param>
/// <param name="Scopes">Checkpoints by scope and feed.</param>
/// <param name="Runs">The newest runs, newest first.</param>
/// <param name="Pauses">Shared pauses that are up.</param>
/// <param name="Gaps">Days and lists that give fewer records than Cube counts.</param>
/// <param name="Backlog">What waits and what failed, as last counted.</param>
internal sealed record StatusDocument(
    string? Api,
    string? WritesOff,
    IReadOnlyList<StatusScope> Scopes,
    IReadOnlyList<RunView> Runs,
    IReadOnlyList<PauseView> Pauses,
    IReadOnlyList<GapView> Gaps,
    Backlog Backlog
)
{
    /// <summary>Names of campaigns, as the newest listing gives them.</summary>
    public IReadOnlyList<CampaignView> Campaigns { get; init; } = [];

    /// <summary>The feeds that are read.</summary>
    public IReadOnlyList<StatusFeed> Feeds { get; init; } = [];
}

/// <summary>A campaign.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name in Cube.</param>
internal sealed record CampaignView(string Id, string Name);

/// <summary>A feed.</summary>
/// <param name="Feed">Its name as settings have it.</param>
/// <param name="Dated">Whether it is read by days; else it is a snapshot.</param>
/// <param name="StaleAfterHours">Hours without a proven window after which it is stale.</param>
/// <param name="Days">Records of the last days, oldest first.</param>
internal sealed record StatusFeed(string Feed, bool Dated, int StaleAfterHours, IReadOnlyList<DayRecords> Days);

/// <summary>Records of a day in all scopes of a feed, as they were last read on that day.</summary>
/// <param name="Day">The tenant's local day.</param>
/// <param name="Records">How many.</param>
internal sealed record DayRecords(DateOnly Day, long Records);

/// <summary>
/// A day of one scope and feed, or the list of an undated one, that gives fewer records than Cube counts, and that the checkpoint has gone
/// past.
/// </summary>
/// <param name="Id">For <c>POST /api/gaps/{id}/accept</c>.</param>
/// <param name="Feed">The feed.</param>
/// <param name="Scope">Kind of the scope.</param>
/// <param name="ScopeId">Id of the scope.</param>
/// <param name="Day">The day; null for the list of an undated feed.</param>
/// <param name="ReportedCount">Records that Cube says there are.</param>
/// <param name="Records">Records that Cube gives.</param>
/// <param name="Since">Since when it has been short in this way.</param>
/// <param name="AcceptedBy">Who has accepted it; null while it is read again daily.</param>
internal sealed record GapView(
    string Id,
    string Feed,
    string Scope,
    string ScopeId,
    DateOnly? Day,
    long ReportedCount,
    long Records,
    DateTimeOffset Since,
    string? AcceptedBy
);

/// <summary>A scope and feed.</summary>
/// <param name="Scope">Kind of the scope.</param>
/// <param name="ScopeId">Id of the scope.</param>
/// <param name="Feed">The feed.</param>
/// <param name="Through">The last local day that is over and proven.</param>
/// <param name="ProvenAt">When a window was last proven.</param>
/// <param name="Retired">Why it is read no more, or null.</param>
/// <param name="DeletionsHeldBack">Whether deletions are held back.</param>
internal sealed record StatusScope(
    string Scope,
    string ScopeId,
    string Feed,
    string? Through,
    DateTimeOffset? ProvenAt,
    string? Retired,
    bool DeletionsHeldBack
);

/// <summary>A pause.</summary>
/// <param name="Name">Its name, for <c>DELETE /api/pauses/{name}</c>.</param>
/// <param name="Until">Its end; null where it lasts until it is lifted.</param>
/// <param name="Since">Since when, where that was noted.</param>
/// <param name="Reason">Why.</param>
/// <param name="AskedBy">Who asked for it.</param>
internal sealed record PauseView(string Name, DateTimeOffset? Until, DateTimeOffset? Since, string? Reason, string? AskedBy);

/// <summary>A run. In <c>status</c> the items of one that is under way are counted as they stand.</summary>
internal sealed record RunView(
    string RunId,
    string Kind,
    string Status,
    DateTimeOffset StartedAt,
    DateTimeOffset? CompletedAt,
    int Items,
    int Succeeded,
    int Failed,
    int Unproven,
    long Pages,
    long Records,
    long Bytes
)
{
    /// <summary>Items that a worker has in hand; null where it was not counted.</summary>
    public int? InHand { get; init; }

    /// <summary>What was wrong with single campaigns of the listing, each of which cost itself; null where nothing was.</summary>
    public IReadOnlyList<string>? Notices { get; init; }
}

/// <summary>A run with its items.</summary>
/// <param name="Run">The run.</param>
/// <param name="From">First day of a manual run.</param>
/// <param name="To">Last day of a manual run.</param>
/// <param name="Feeds">The feeds, comma-separated.</param>
/// <param name="Items">Its items.</param>
internal sealed record RunDetail(RunView Run, string? From, string? To, string Feeds, IReadOnlyList<ItemView> Items);

/// <summary>An item of a run.</summary>
internal sealed record ItemView(string Feed, string Scope, string ScopeId, string State, DateTimeOffset? CompletedAt, string? Reason);

/// <summary>What waits and what failed. Counted by the janitor, since it takes a scan of the tables.</summary>
/// <param name="CountedAt">When.</param>
/// <param name="Upserts">Upserts to Cube.</param>
/// <param name="Changes">Changes to the CRM, and deletions that are held back.</param>
/// <param name="FailedItems">The newest failure of each scope and feed that was not proven since.</param>
internal sealed record Backlog(DateTimeOffset CountedAt, BacklogOf Upserts, BacklogOf Changes, IReadOnlyList<FailedItem> FailedItems)
{
    /// <summary>Scopes and feeds whose pages and count disagree, and that were not proven since.</summary>
    public IReadOnlyList<FailedItem> UnprovenItems { get; init; } = [];
}

/// <summary>What the janitor counts for <c>status</c>, in one blob.</summary>
/// <param name="Backlog">What waits and what failed.</param>
/// <param name="Campaigns">Names of campaigns.</param>
/// <param name="NamesOf">The run whose listing they are of.</param>
/// <param name="Days">Records of the last days.</param>
internal sealed record Figures(Backlog Backlog, IReadOnlyList<CampaignView> Campaigns, string? NamesOf, IReadOnlyList<FeedDay> Days);

/// <summary>A feed's records of one day.</summary>
internal sealed record FeedDay(string Feed, DateOnly Day, long Records);

/// <summary>One lane's backlog.</summary>
/// <param name="Waiting">How many wait.</param>
/// <param name="OldestWaiting">When the oldest of them came.</param>
/// <param name="Dead">How many are dead, or held back.</param>
/// <param name="Oldest">The oldest of them, the dead first.</param>
internal sealed record BacklogOf(int Waiting, DateTimeOffset? OldestWaiting, int Dead, IReadOnlyList<BacklogEntry> Oldest);

/// <summary>Something that waits or is dead.</summary>
/// <param name="Id">For <c>replay</c> and <c>drop</c>.</param>
/// <param name="Source">The sender, or the feed and scope.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Count">How many changes it is about; 1 for an upsert.</param>
/// <param name="At">When it came.</param>
/// <param name="Reason">Why it is dead, or what it waits for.</param>
internal sealed record BacklogEntry(string Id, string Source, string State, int Count, DateTimeOffset At, string? Reason);

/// <summary>An item that failed, or is not proven.</summary>
/// <param name="Id">For <c>replay</c>.</param>
/// <param name="RunId">The run.</param>
/// <param name="Feed">The feed.</param>
/// <param name="Scope">Kind of the scope.</param>
/// <param name="ScopeId">Id of the scope.</param>
/// <param name="Reason">Why.</param>
/// <param name="At">When it ended.</param>
internal sealed record FailedItem(
    string Id,
    string RunId,
    string Feed,
    string Scope,
    string ScopeId,
    string Reason,
    DateTimeOffset? At = null
);
