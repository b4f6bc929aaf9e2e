using System.Globalization;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Sync;

/// <summary>
/// Records of a run's own day by feed, as its row keeps them: what a sparkline is drawn from, without a look into manifests.
/// </summary>
internal static class RunDays
{
    /// <summary>Sums the windows that are the run's day alone, and the snapshots.</summary>
    /// <returns>Null for a manual run: it reads what somebody chose.</returns>
    public static string? Pack(RunRow run, IEnumerable<RunWindow> windows) =>
        run.Kind == RunKind.Manual
            ? null
            : string.Join(
                ',',
                windows
                    .Where(window => window.From == window.To && (window.From is null || window.From == ItemRow.Day(run.Today)))
                    .GroupBy(SettingOf)
                    .Where(feed => feed.Key is not null && feed.Key != FeedCatalogue.Campaigns.Setting)
                    .OrderBy(feed => feed.Key, StringComparer.Ordinal)
                    .Select(feed => string.Create(CultureInfo.InvariantCulture, $"{feed.Key}={feed.Sum(window => window.Records)}"))
            );

    /// <summary>Reads what <see cref="Pack"/> made; entries that cannot be read are left out.</summary>
    public static IEnumerable<(string Feed, long Records)> Unpack(string? packed) =>
        (packed ?? "")
            .Split(',')
            .Select(static entry => entry.Split('='))
            .Where(static parts => parts.Length == 2 && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Select(static parts => (parts[0], long.Parse(parts[1], CultureInfo.InvariantCulture)));

    private static string? SettingOf(RunWindow window) =>
        FeedCatalogue.All.FirstOrDefault(feed => feed.Name == window.Feed && feed.Scope == Scope.KindOf(window.Scope))?.Setting;
}
