using System.Text.Json;

namespace Cube.Simulator.Rows;

/// <summary>
/// Responses or SMS of some campaigns from one day to another, the newest day first: what agents add comes in front and shifts the
/// pages behind it, as it does in Cube.
/// </summary>
internal sealed class DayRows : IRows
{
    private readonly List<Segment> segments = [];
    private readonly DayTable table;
    private readonly DayRowFormat format;

    public DayRows(DayTable table, IReadOnlyList<CampaignView> campaigns, FeedFilter filter, DateOnly today, DayRowFormat format)
    {
        this.table = table;
        this.format = format;
        if (campaigns.Count == 0)
            return;
        var last = filter.To < today ? filter.To : today;
        var first = campaigns.Min(view => view.Campaign.Start);
        first = filter.From > first ? filter.From : first;
        for (var day = last; day >= first; day = day.AddDays(-1))
        {
            foreach (var view in campaigns)
                AddSegment(view, day, filter.Type);
        }
    }

    public int Count { get; private set; }

    public void Write(Utf8JsonWriter json, int position)
    {
        int low = 0,
            high = segments.Count - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (segments[middle].Start <= position)
                low = middle;
            else
                high = middle - 1;
        }

        var segment = segments[low];
        var local = position - segment.Start;
        var campaign = segment.View.Campaign;
        format(
            json,
            table.RowAt(campaign, segment.Day, segment.Overlay, segment.Filtered is null ? local : segment.Filtered[local]),
            segment.View
        );
    }

    public (int First, int Count) PositionsOf(DateOnly day)
    {
        var ofDay = segments.Where(segment => segment.Day == day).ToList();
        return ofDay.Count == 0 ? default : (ofDay[0].Start, ofDay.Sum(segment => segment.Count));
    }

    private void AddSegment(CampaignView view, DateOnly day, string? type)
    {
        var campaign = view.Campaign;
        var overlay = table.Overlay(campaign, day);
        var count = table.Count(campaign, day, overlay);
        int[]? filtered = null;
        if (type is not null)
        {
            filtered = [.. Enumerable.Range(0, count).Where(position => table.TypeAt(campaign, day, overlay, position) == type)];
            count = filtered.Length;
        }

        if (count == 0)
            return;
        segments.Add(new Segment(Count, count, view, day, overlay, filtered));
        Count += count;
    }

    private sealed record Segment(int Start, int Count, CampaignView View, DateOnly Day, DayOverlay Overlay, int[]? Filtered);
}
