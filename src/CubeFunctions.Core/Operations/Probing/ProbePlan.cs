using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Operations.Probing;

/// <summary>What a run with these settings would read of the tenant, and what it would take.</summary>
internal sealed class ProbePlan(CubeSettings settings, SyncSettings sync, ProbeState state, TimeProvider time)
{
    /// <summary>The tenant's today.</summary>
    public DateOnly Today { get; } = settings.TimeZone.LocalDay(time.GetUtcNow());

    /// <summary>The first day of dated feeds.</summary>
    public DateOnly FirstDay => sync.StartDate ?? Today.AddDays(-30);

    /// <summary>Whether the settings have a feed read.</summary>
    public bool IsRead(Feed feed) => IsRead(feed.Setting);

    /// <summary>The feeds that should be read and that the tenant has not, or refuses, in each scope that was asked for.</summary>
    public IEnumerable<ProbeFeed> WithoutAnswer() =>
        Unanswered("notFound", "forbidden")
            .Where(feed => !state.Feeds.Any(other => other.Feed == feed.Feed && other.Answer is "ok" or "failed"));

    /// <summary>The feeds that should be read and failed for now: nothing to be set for that.</summary>
    public IEnumerable<ProbeFeed> Failing() => Unanswered("failed");

    /// <summary>
    /// The feeds that the settings name and the tenant's generation has not; none where they name those of both, as the default does.
    /// </summary>
    public IReadOnlyList<string> NotOffered() =>
        state.Catalogue is { } catalogue ? catalogue.FindNotOffered([.. sync.Feeds.Select(static feed => feed.Setting)]) : [];

    /// <summary>What a first run takes, by the samples; null where they do not say.</summary>
    /// <param name="median">The median time of an answer.</param>
    public ProbeEstimate? EstimateFirstSync(int? median)
    {
        if (state.Listing is null || state.Catalogue is null || median is null)
        {
            return null;
        }

        var windows = WindowPlan.Cut(FirstDay, Today, Today, sync.WindowDays).Count();
        var (requests, records) = (1.0, (double)state.Listing.Campaigns);
        foreach (var samples in state.Feeds.Where(static feed => feed.Answer == "ok").GroupBy(static feed => feed.Feed))
        {
            var feed = state.Catalogue.Find(samples.Key)!;
            if (IsRead(feed))
            {
                var scopes = state.ScopesOf(feed).Count;
                requests +=
                    scopes
                    * samples.Average(sample => PagesOf(sample) + (feed.Dated ? windows - 1 : 0))
                    * (!feed.Dated && sync.SnapshotProof == SnapshotProof.Sweeps ? 2 : 1);
                records += scopes * samples.Average(static sample => sample.Count ?? 0);
            }
        }

        var seconds = requests * median.Value / 1000 / settings.MaxConcurrentRequests;
        return new ProbeEstimate((long)Math.Ceiling(requests), (long)Math.Ceiling(records), (long)Math.Ceiling(seconds), FirstDay.Iso());
    }

    /// <summary>The settings that fit the tenant, without the credential.</summary>
    public Dictionary<string, string> SettingsToCopy()
    {
        var values = new Dictionary<string, string> { ["Cube__BaseUrl"] = settings.BaseUrl.GetLeftPart(UriPartial.Authority) };
        if (state.Catalogue is not null)
        {
            values["Cube__Api"] = $"{state.Catalogue.Api}";
        }

        if (state.External is { } external)
        {
            values["Cube__ExternalUser"] = external ? "true" : "false";
        }

        if (state.IdInUrl is { } word)
        {
            values["Cube__CustomerIdInUrl"] = word;
        }

        if (state.Writes == "off")
        {
            values["Cube__Writes"] = "false";
        }

        if (state.Catalogue is not null && WithoutAnswer().Select(static feed => feed.Feed).ToHashSet() is { Count: > 0 } missing)
        {
            values["Sync__Feeds"] = string.Join(
                ',',
                state.Catalogue.Feeds.Where(feed => IsRead(feed) && !missing.Contains(feed.Setting)).Select(static feed => feed.Setting)
            );
        }

        values["Cube__TimeZone"] = settings.TimeZone.Id;
        return values;
    }

    private IEnumerable<ProbeFeed> Unanswered(params string[] answers) =>
        state.Feeds.Where(feed => answers.Contains(feed.Answer) && IsRead(feed.Feed)).DistinctBy(static feed => feed.Feed);

    private bool IsRead(string setting) => sync.Feeds.Any(read => read.Setting == setting);

    private static double PagesOf(ProbeFeed sample) => sample.PageSize is { } size ? Math.Ceiling((double)sample.Count!.Value / size) : 1;
}
