using System.Text.Json;
using Cube.Simulator.Generation;

namespace Cube.Simulator.Rows;

/// <summary>
/// Responses or SMS of some campaigns from one day to another, the newest day first: what agents add comes in front and shifts the
/// pages behind it, as it does in Cube.
/// </summary>
internal sealed class DayRows : IRows
{
    private readonly List<Segment> segments = [];
    private readonly DayTable table;
    private readonly CustomerTable customers;
    private readonly CustomerState state;

    public DayRows(DayTable table, CustomerTable customers, IReadOnlyList<Campaign> campaigns, DateOnly from, DateOnly to, DateOnly today, string? type)
    {
        this.table = table;
        this.customers = customers;
        state = customers.State;
        if (campaigns.Count == 0)
            return;
        var last = to < today ? to : today;
        var first = campaigns.Min(campaign => campaign.Start);
        first = from > first ? from : first;
        for (var day = last; day >= first; day = day.AddDays(-1))
        {
            foreach (var campaign in campaigns)
                AddSegment(campaign, day, type);
        }
    }

    public int Count { get; private set; }

    public void Write(Utf8JsonWriter json, int position)
    {
        int low = 0, high = segments.Count - 1;
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
        var row = table.RowAt(segment.Campaign, segment.Day, segment.Overlay, segment.Filtered is null ? local : segment.Filtered[local]);
        if (table.Feed == DayFeed.Responses)
            DayRowWriter.WriteResponse(json, row, segment.Campaign, customers, state);
        else
            DayRowWriter.WriteSms(json, row, segment.Campaign, customers, state);
    }

    private void AddSegment(Campaign campaign, DateOnly day, string? type)
    {
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
        segments.Add(new Segment(Count, campaign, day, overlay, filtered));
        Count += count;
    }

    private sealed record Segment(int Start, Campaign Campaign, DateOnly Day, DayOverlay Overlay, int[]? Filtered);
}
