using CubeFunctions.Core;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Operations;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Local.Commands;

/// <summary>What <c>sync</c> was asked to read. Whatever would read nothing is refused in words.</summary>
internal sealed record SyncChoice(
    IReadOnlyList<string> Campaigns,
    IReadOnlyList<string> Assignments,
    IReadOnlyList<Feed> Feeds,
    DateOnly? From,
    DateOnly? To
)
{
    private const int DefaultDaysBack = 30;

    public bool IsManual => Campaigns.Count + Assignments.Count + Feeds.Count > 0 || From is not null || To is not null;

    /// <summary>The run that it asks for.</summary>
    /// <exception cref="SettingsException">The dates hold no day that could be read.</exception>
    public RunRequest ToRequest(AppSettings settings, bool deliver, TimeProvider time)
    {
        if (!IsManual)
        {
            return new RunRequest(RunKind.Scheduled, settings.Sync.Feeds);
        }

        var today = settings.Cube.TimeZone.LocalDay(time.GetUtcNow());
        var feeds = Feeds.Count > 0 ? Feeds : settings.Sync.Feeds;
        var from = From ?? (To is null ? null : settings.Sync.StartDate ?? today.AddDays(-DefaultDaysBack));
        List<string> faults =
        [
            .. Future(RunOptions.FromName, From, today),
            .. Future(RunOptions.ToName, To, today),
            .. To < from
                ?
                [
                    $"{RunOptions.ToName}: {To!.Value.Iso()} is before {(From is null ? "the first day that would be read, " : RunOptions.FromName + " ")}{from!.Value.Iso()}",
                ]
                : Array.Empty<string>(),
            .. (From ?? To) is not null && !feeds.Any(feed => feed.Dated)
                ?
                [
                    $"{(From is null ? RunOptions.ToName : RunOptions.FromName)}: {string.Join(", ", feeds.Select(feed => feed.Setting))} have no days: they are read whole",
                ]
                : Array.Empty<string>(),
        ];
        return faults.Count > 0
            ? throw new SettingsException(faults)
            : new RunRequest(RunKind.Manual, feeds)
            {
                Campaigns = Campaigns,
                Assignments = Assignments,
                From = from,
                To = To,
                Deliver = deliver,
            };
    }

    /// <summary>Checks campaigns and assignments against Cube's own list, ended campaigns included.</summary>
    /// <exception cref="SettingsException">Some are not in the list.</exception>
    public async Task CheckAsync(CampaignListing listing, CancellationToken cancellationToken)
    {
        var faults = await ListedScopes.FindFaultsAsync(
            listing,
            (RunOptions.CampaignName, Campaigns),
            (RunOptions.AssignmentName, Assignments),
            cancellationToken
        );
        if (faults.Count > 0)
        {
            throw new SettingsException(faults);
        }
    }

    private static IEnumerable<string> Future(string option, DateOnly? day, DateOnly today) =>
        day > today ? [$"{option}: {day.Value.Iso()} is in the future; the tenant's today is {today.Iso()}"] : [];
}
