using System.Globalization;
using System.Text.Json.Serialization;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary>A tenant of fixed pages: what the page server answers, what the floor reads and what the product must find.</summary>
/// <param name="Feeds">Feeds as <c>Sync__Feeds</c> names them.</param>
/// <param name="Campaigns">Campaigns of the listing; all belong to one assignment.</param>
/// <param name="Pages">Pages a window.</param>
/// <param name="RecordsPerPage">Records a page.</param>
/// <param name="PageBytes">Size of a page, reached by padding each record.</param>
/// <param name="DelayMs">How long the server waits before it answers a page.</param>
internal sealed record Tenant(IReadOnlyList<string> Feeds, int Campaigns, int Pages, int RecordsPerPage, int PageBytes, int DelayMs)
{
    public const int FirstCampaign = 1001;
    public const int Assignment = 17;
    public const int FirstNumber = 10_000_000;

    /// <summary>
    /// Of every so many pages one has changes in version 1 of the data, a tenth of its records: one record in a hundred changes.
    /// </summary>
    public const int ChangedEvery = 10;

    /// <summary>Whether the server packs pages for clients that accept gzip.</summary>
    public bool Gzip { get; init; }

    /// <summary>Days before today that dated feeds are read from: they have a window up to yesterday and today's.</summary>
    public int DaysBack { get; init; } = 5;

    [JsonIgnore]
    public int Items => Feeds.Sum(feed => Scopes(feed).Count());

    [JsonIgnore]
    public long TotalPages => Addresses(DateOnly.MaxValue).LongCount();

    [JsonIgnore]
    public long Records => TotalPages * RecordsPerPage;

    [JsonIgnore]
    public int ChangedPages => Pages / ChangedEvery;

    public static bool IsDated(string feed) => feed is "responses" or "sms";

    /// <summary>Whether a record differs in version 1 of the data.</summary>
    public bool IsChanged(int page, int record) => page % ChangedEvery == 0 && record < RecordsPerPage / ChangedEvery;

    /// <summary>Path and query of each page, as the product asks for them.</summary>
    public IEnumerable<string> Addresses(DateOnly today)
    {
        foreach (var feed in Feeds)
        {
            foreach (var scope in Scopes(feed))
            {
                foreach (var window in Windows(feed, today))
                {
                    for (var page = 1; page <= Pages; page++)
                    {
                        var query = string.Join('&', new[] { window, page == 1 ? "" : $"page={page}" }.Where(part => part.Length > 0));
                        yield return query.Length == 0 ? scope : $"{scope}?{query}";
                    }
                }
            }
        }
    }

    private IEnumerable<string> Scopes(string feed) =>
        feed == "customers"
            ? [$"/api/v1/assignments/{Assignment}/customers/"]
            : Enumerable.Range(FirstCampaign, Campaigns).Select(campaign => $"/api/v1/campaigns/{campaign}/{feed}/");

    private IEnumerable<string> Windows(string feed, DateOnly today) =>
        IsDated(feed) ? [Window(today.AddDays(-DaysBack), today.AddDays(-1)), Window(today, today)] : [""];

    private static string Window(DateOnly from, DateOnly to) =>
        string.Create(CultureInfo.InvariantCulture, $"from_date={from:yyyyMMdd}&to_date={to:yyyyMMdd}");
}
