using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Operations;

/// <summary>The body of <c>POST /api/runs</c>.</summary>
internal sealed record RunOrder
{
    private const int MostIds = 1000;

    /// <summary>
    /// <c>Scheduled</c>, <c>Snapshot</c> or <c>Manual</c>; null for <c>Manual</c> where anything is chosen, else for <c>Scheduled</c>.
    /// </summary>
    public string? Kind { get; init; }

    /// <summary>First day, <c>yyyy-MM-dd</c>.</summary>
    public string? From { get; init; }

    /// <summary>Last day.</summary>
    public string? To { get; init; }

    /// <summary>Feeds as settings name them; null for those of the settings.</summary>
    public IReadOnlyList<string>? Feeds { get; init; }

    /// <summary>Chosen campaigns.</summary>
    public IReadOnlyList<string>? Campaigns { get; init; }

    /// <summary>Chosen assignments or CRMs.</summary>
    public IReadOnlyList<string>? Assignments { get; init; }

    /// <summary>Whether a manual run's changes go to the CRM.</summary>
    public bool Deliver { get; init; }

    /// <summary>Checks it and makes the request of it.</summary>
    /// <exception cref="OperationException">It is wrong; says what.</exception>
    public RunRequest ToRequest(SyncSettings settings, DateOnly today)
    {
        var isChosen =
            From is not null || To is not null || Feeds is { Count: > 0 } || Campaigns is { Count: > 0 } || Assignments is { Count: > 0 };
        var kind =
            Kind is null ? (isChosen ? RunKind.Manual : RunKind.Scheduled)
            : Enum.TryParse<RunKind>(Kind, ignoreCase: true, out var named) && Enum.IsDefined(named) && !char.IsAsciiDigit(Kind[0]) ? named
            : throw OperationException.Invalid($"kind: is none of {string.Join(", ", Enum.GetNames<RunKind>())}");
        if (kind != RunKind.Manual)
        {
            return isChosen || Deliver
                    ? throw OperationException.Invalid("from, to, feeds, campaigns, assignments, deliver: go with kind Manual only")
                : kind == RunKind.Scheduled ? RunRequest.Scheduled(settings.Feeds)
                : RunRequest.Snapshot(settings.Feeds);
        }

        var feeds = Feeds is { Count: > 0 }
            ? Feeds
                .Select(name => FeedCatalogue.Find(name) ?? throw OperationException.Invalid($"feeds: there are {FeedCatalogue.NamesLine}"))
                .Distinct()
                .ToList()
            : [.. settings.Feeds];
        var (from, to) = (DayOf("from", From, today), DayOf("to", To, today));
        if (to < from)
        {
            throw OperationException.Invalid($"to: {to.Value.Iso()} is before from, {from!.Value.Iso()}");
        }

        if ((from ?? to) is not null && !feeds.Exists(feed => feed.Dated))
        {
            throw OperationException.Invalid(
                $"{(from is null ? "to" : "from")}: {string.Join(", ", feeds.Select(feed => feed.Setting))} have no days: they are read whole"
            );
        }

        return new RunRequest(RunKind.Manual, feeds)
        {
            Campaigns = IdsOf("campaigns", Campaigns, Scope.IsId),
            Assignments = IdsOf("assignments", Assignments, Scope.IsAssignmentOrCrm),
            From = from,
            To = to,
            Deliver = Deliver,
        };
    }

    private static DateOnly? DayOf(string name, string? text, DateOnly today) =>
        text is null ? null
        : !Days.TryParse(text, out var day) ? throw OperationException.Invalid($"{name}: is not a date (yyyy-MM-dd)")
        : day > today ? throw OperationException.Invalid($"{name}: {day.Iso()} is in the future; the tenant's today is {today.Iso()}")
        : day;

    private static IReadOnlyList<string> IdsOf(string name, IReadOnlyList<string>? ids, Func<string?, bool> isId) =>
        ids is null ? []
        : ids.Count <= MostIds && ids.All(isId) ? ids
        : throw OperationException.Invalid(
            $"{name}: at most {MostIds} ids, such as 17, or 3-B2C for a CRM, each up to {Scope.LongestId} characters"
        );
}
