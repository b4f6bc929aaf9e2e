using CubeFunctions.Core.Persons;

namespace CubeFunctions.Core.Erasure;

/// <summary>What an erasure touched: counts alone, nothing of the person.</summary>
public sealed class ErasureReport
{
    /// <summary>The assignment.</summary>
    public required string Assignment { get; init; }

    /// <summary>Whether anything of the person was kept.</summary>
    public bool Found => Feeds.Any(feed => feed.IsTouched) || Events + Mailboxes + Bodies + Values + IndexEntries > 0;

    /// <summary>The day of an earlier erasure of the same person, or null.</summary>
    public DateOnly? ErasedBefore { get; set; }

    /// <summary>Whether neither storage, nor Cube, nor a sender's setting names the assignment: perhaps a wrong one was given.</summary>
    public bool UnknownAssignment { get; set; }

    /// <summary>
    /// Customers whose own id in Cube is the id that was given: perhaps it was given in place of the imported one. 0 where the person was
    /// found.
    /// </summary>
    public int OtherKindOfId { get; set; }

    /// <summary>How many of Cube's own ids were found beside the imported one.</summary>
    public int InternalIds { get; set; }

    /// <summary>What was touched feed by feed.</summary>
    public IReadOnlyList<ErasedFeed> Feeds { get; set; } = [];

    /// <summary>Entries of the index of imported ids.</summary>
    public int IndexEntries { get; set; }

    /// <summary>Rows of events in <c>CubeUpserts</c>.</summary>
    public int Events { get; set; }

    /// <summary>Those among them that still waited for delivery to Cube.</summary>
    public int WaitingEvents { get; set; }

    /// <summary>Rows in <c>CubeCustomers</c>.</summary>
    public int Mailboxes { get; set; }

    /// <summary>Webhook bodies in <c>cube-inbox</c>.</summary>
    public int Bodies { get; set; }

    /// <summary>Those among them that other customers came in as well. What is pending of those is kept in rows of their own.</summary>
    public int SharedBodies { get; set; }

    /// <summary>Those among them that no row and no setting gives an assignment any more.</summary>
    public int BodiesOfUnknownAssignment { get; set; }

    /// <summary>Long values of events, beside their bodies.</summary>
    public int Values { get; set; }

    /// <summary>Campaigns whose assignment could not be found out: searched by Cube's own id alone.</summary>
    public int CampaignsOfUnknownAssignment { get; set; }

    /// <summary>
    /// Assignments or CRMs of the other generation of Cube's API whose customers the account holds as well, from before the tenant moved or
    /// after: who is among them is erased there by another order.
    /// </summary>
    public IReadOnlyList<string> OtherGeneration { get; set; } = [];

    /// <summary>
    /// Days that deleted and overwritten blobs can be brought back; null where the account does not say, 0 where they are gone at once.
    /// </summary>
    public int? SoftDeleteDays { get; set; }

    /// <summary>When the last of such copies is gone; null where the account does not say.</summary>
    public DateTimeOffset? CopiesExpireAt { get; set; }

    internal static ErasureReport From(Person person, ErasureCounts counts)
    {
        var report = new ErasureReport
        {
            Assignment = person.AssignmentId,
            InternalIds = person.Internal.Count,
            Feeds = [.. counts.Feeds.Select(feed => ErasedFeed.From(feed.Key.Setting, feed.Value))],
            IndexEntries = counts.Feeds.Sum(feed => feed.Value[Erased.IndexEntries]),
            Events = counts.Total[Erased.Events],
            WaitingEvents = counts.Total[Erased.WaitingEvents],
            Mailboxes = counts.Total[Erased.Mailboxes],
            Bodies = counts.Total[Erased.Bodies],
            SharedBodies = counts.Total[Erased.SharedBodies],
            BodiesOfUnknownAssignment = counts.Total[Erased.BodiesOfUnknownAssignment],
            Values = counts.Total[Erased.Values],
            CampaignsOfUnknownAssignment = counts.CampaignsOfUnknownAssignment,
            OtherGeneration = counts.OtherGeneration,
        };
        report.OtherKindOfId = report.Found ? 0 : counts.Feeds.Sum(feed => feed.Value[Erased.OtherKindOfId]);
        return report;
    }
}

/// <summary>What an erasure touched of one feed, over all its scopes.</summary>
public sealed class ErasedFeed
{
    /// <summary>The feed as settings name it.</summary>
    public required string Feed { get; init; }

    /// <summary>Records taken out of pages.</summary>
    public int Records { get; set; }

    /// <summary>Manifests whose pages were rewritten.</summary>
    public int Manifests { get; set; }

    /// <summary>Pages rewritten.</summary>
    public int Pages { get; set; }

    /// <summary>Pages deleted that no manifest named.</summary>
    public int Leftovers { get; set; }

    /// <summary>Entries of what is known.</summary>
    public int StateEntries { get; set; }

    /// <summary>Lines taken out of change files.</summary>
    public int Lines { get; set; }

    /// <summary>Change files rewritten or deleted.</summary>
    public int Files { get; set; }

    /// <summary>Records of an internal id of the person with another imported one: they were left alone.</summary>
    public int LeftAlone { get; set; }

    internal static ErasedFeed From(string feed, ErasureTally tally) =>
        new()
        {
            Feed = feed,
            Records = tally[Erased.Records],
            Manifests = tally[Erased.Manifests],
            Pages = tally[Erased.Pages],
            Leftovers = tally[Erased.Leftovers],
            StateEntries = tally[Erased.StateEntries],
            Lines = tally[Erased.Lines],
            Files = tally[Erased.Files],
            LeftAlone = tally[Erased.LeftAlone],
        };

    internal bool IsTouched => Records + Leftovers + StateEntries + Lines > 0;
}
