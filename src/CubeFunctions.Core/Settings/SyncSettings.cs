using System.Globalization;
using CubeFunctions.Core.Model;
using NCrontab;

namespace CubeFunctions.Core.Settings;

/// <summary>What makes a snapshot count as complete.</summary>
public enum SnapshotProof
{
    /// <summary>One sweep whose pages agree with the count that each gives.</summary>
    Count,

    /// <summary>Two sweeps that agree record by record.</summary>
    Sweeps,
}

/// <summary>What is read, when, and how patiently.</summary>
public sealed record SyncSettings
{
    /// <summary>When dated feeds are read; NCRONTAB with seconds, UTC.</summary>
    public string Schedule { get; init; } = DefaultSchedule;

    /// <summary>When undated feeds are read; NCRONTAB with seconds, UTC.</summary>
    public string SnapshotSchedule { get; init; } = DefaultSnapshotSchedule;

    /// <summary>The feeds that are read.</summary>
    public IReadOnlyList<Feed> Feeds { get; init; } = FeedCatalogue.Default;

    /// <summary>Ids of the campaigns that are read; empty for all active ones.</summary>
    public IReadOnlyList<string> Campaigns { get; init; } = [];

    /// <summary>First day of a new scope's first window; null for 30 days back.</summary>
    public DateOnly? StartDate { get; init; }

    /// <summary>Days before the checkpoint that are read again. Default 2.</summary>
    public int LookbackDays { get; init; } = 2;

    /// <summary>Days before the checkpoint that are read again, for feeds that differ from <see cref="LookbackDays"/>.</summary>
    public IReadOnlyDictionary<string, int> FeedLookbackDays { get; init; } = new Dictionary<string, int>();

    /// <summary>Days before the checkpoint that are read again once a week: rows are noted late. Default 35; 0 for none.</summary>
    public int DeepLookbackDays { get; init; } = 35;

    /// <summary>The most days before the checkpoint that are ever read again.</summary>
    public int LongestLookbackDays => FeedLookbackDays.Values.Append(LookbackDays).Append(DeepLookbackDays).Max();

    /// <summary>Days before the checkpoint of a feed that are read again.</summary>
    public int LookbackOf(Feed feed) => FeedLookbackDays.GetValueOrDefault(feed.Setting, LookbackDays);

    /// <summary>The most days a window has. Default 31.</summary>
    public int WindowDays { get; init; } = 31;

    /// <summary>What proves a snapshot.</summary>
    public SnapshotProof SnapshotProof { get; init; }

    /// <summary>How long a claim holds without renewal. Default 60 seconds.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long one claim works before it saves and sends itself a continuation. Default 480 seconds.</summary>
    public TimeSpan TimeBudget { get; init; } = TimeSpan.FromSeconds(480);

    private const string DefaultSchedule = "0 */15 * * * *";
    private const string DefaultSnapshotSchedule = "0 30 2 * * *";

    internal static SyncSettings Read(SettingsReader reader)
    {
        var feeds = new List<Feed>();
        foreach (
            var name in reader.List(
                "Sync__Feeds",
                $"the feeds that are read, comma-separated: {string.Join(", ", FeedCatalogue.All.Select(feed => $"`{feed.Setting}`").Distinct())}",
                "all but those with `@`"
            )
        )
        {
            if (FeedCatalogue.Find(name) is { } feed)
            {
                feeds.Add(feed);
            }
            else
            {
                reader.Fault("Sync__Feeds", $"'{name}' is not a feed; known are {FeedCatalogue.NamesLine}");
            }
        }

        return new SyncSettings
        {
            Schedule = Cron(reader, "Sync__Schedule", DefaultSchedule, "when dated feeds are read; NCRONTAB with seconds, UTC"),
            SnapshotSchedule = Cron(
                reader,
                "Sync__SnapshotSchedule",
                DefaultSnapshotSchedule,
                "when undated feeds are read; NCRONTAB with seconds, UTC"
            ),
            Feeds = feeds.Count > 0 ? feeds : FeedCatalogue.Default,
            Campaigns = reader.List("Sync__Campaigns", "ids of the campaigns that are read, comma-separated", "all active"),
            StartDate = reader.Day("Sync__StartDate", "first day of a new scope, `yyyy-MM-dd`; 30 days back where it is empty"),
            LookbackDays = reader.Number(
                "Sync__LookbackDays",
                2,
                0,
                366,
                "days before the checkpoint that are read again, for corrections"
            ),
            FeedLookbackDays = Lookbacks(reader, "Sync__FeedLookbackDays"),
            DeepLookbackDays = reader.Number(
                "Sync__DeepLookbackDays",
                35,
                0,
                366,
                "days before the checkpoint that are read again once a week, for rows that are noted late; 0 for none"
            ),
            WindowDays = reader.Number("Sync__WindowDays", 31, 1, 366, "the most days of a window"),
            SnapshotProof = reader.Choice(
                "Sync__SnapshotProof",
                SnapshotProof.Count,
                "what proves a snapshot: `count`, or `sweeps`: every snapshot is read twice",
                "count"
            ),
            Lease = TimeSpan.FromSeconds(
                reader.Number("Sync__LeaseSeconds", 60, 2, 3600, "how long a claim holds without renewal: the time that a crash costs")
            ),
            TimeBudget = TimeSpan.FromSeconds(
                reader.Number(
                    "Sync__TimeBudgetSeconds",
                    480,
                    1,
                    86_400,
                    "how long one message is worked on before it continues as another; keep it below `functionTimeout` in `host.json`"
                )
            ),
        };
    }

    private static Dictionary<string, int> Lookbacks(SettingsReader reader, string name)
    {
        var days = new Dictionary<string, int>();
        foreach (
            var part in reader.List(
                name,
                "days before the checkpoint that are read again, for single dated feeds, comma-separated: `sms=7`",
                "as `Sync__LookbackDays`"
            )
        )
        {
            if (
                part.Split('=') is [var feed, var text]
                && FeedCatalogue.Find(feed) is { Dated: true }
                && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number is >= 0 and <= 366
            )
            {
                days[feed] = number;
            }
            else
            {
                reader.Fault(name, $"'{part}' is not a dated feed and its days, such as sms=7");
            }
        }

        return days;
    }

    private static string Cron(SettingsReader reader, string name, string fallback, string doc)
    {
        var given = reader.Text(name, doc, fallback);
        if (given is null && reader.NeedsSchedules)
        {
            reader.Fault(name, $"is missing: the Functions host has no default for it; set it, for example to {fallback}");
        }

        var text = given ?? fallback;
        if (TryParseSchedule(text) is null)
        {
            reader.Fault(name, $"'{text}' is not an NCRONTAB expression of six fields, such as {fallback}");
        }

        return text;
    }

    /// <summary>Reads an NCRONTAB expression with seconds, with the parser that the Functions host uses.</summary>
    /// <returns>Null where it is none.</returns>
    public static CrontabSchedule? TryParseSchedule(string text) =>
        CrontabSchedule.TryParse(text, new CrontabSchedule.ParseOptions { IncludingSeconds = true });
}
