using System.Collections.Concurrent;
using Cube.Simulator.Generation;

namespace Cube.Simulator.Rows;

/// <summary>Responses or SMS of all campaigns, by day.</summary>
internal sealed class DayTable(DayFeed feed, DayGenerator generator)
{
    private readonly ConcurrentDictionary<(int Campaign, DateOnly Day), DayOverlay> overlays = new();
    private readonly Lock writing = new();

    public DayFeed Feed => feed;

    public DayOverlay Overlay(Campaign campaign, DateOnly day) => overlays.GetValueOrDefault((campaign.Id, day), DayOverlay.Untouched);

    public int BaseCount(Campaign campaign, DateOnly day) => generator.Count(feed, campaign, day);

    public int Count(Campaign campaign, DateOnly day, DayOverlay overlay) =>
        overlay.Added.Count + BaseCount(campaign, day) - overlay.Removed.Count;

    /// <summary>The type of a row, without making the row where it can be helped.</summary>
    public string TypeAt(Campaign campaign, DateOnly day, DayOverlay overlay, int position)
    {
        if (position < overlay.Added.Count)
            return overlay.Added[position].Type;
        var index = Skip.At(overlay.Removed, position - overlay.Added.Count);
        return overlay.Corrected.TryGetValue(index, out var row) ? row.Type : generator.ResponseType(campaign, day, index);
    }

    public DayRow RowAt(Campaign campaign, DateOnly day, DayOverlay overlay, int position)
    {
        if (position < overlay.Added.Count)
            return overlay.Added[position];
        var index = Skip.At(overlay.Removed, position - overlay.Added.Count);
        return overlay.Corrected.TryGetValue(index, out var row)
            ? row
            : generator.Row(feed, campaign, day, index, BaseCount(campaign, day));
    }

    public void Add(Campaign campaign, DateOnly day, DayRow row) =>
        Change(campaign, day, overlay => overlay with { Added = overlay.Added.Insert(0, row) });

    public void Correct(Campaign campaign, DateOnly day, int position, Func<DayRow, DayRow> correct) =>
        Change(
            campaign,
            day,
            overlay =>
            {
                var row = correct(RowAt(campaign, day, Checked(campaign, day, overlay, position), position));
                return position < overlay.Added.Count
                    ? overlay with
                    {
                        Added = overlay.Added.SetItem(position, row),
                    }
                    : overlay with
                    {
                        Corrected = overlay.Corrected.SetItem(Skip.At(overlay.Removed, position - overlay.Added.Count), row),
                    };
            }
        );

    public void Remove(Campaign campaign, DateOnly day, int position) =>
        Change(
            campaign,
            day,
            overlay =>
            {
                Checked(campaign, day, overlay, position);
                return position < overlay.Added.Count
                    ? overlay with
                    {
                        Added = overlay.Added.RemoveAt(position),
                    }
                    : overlay with
                    {
                        Removed = overlay.Removed.Add(Skip.At(overlay.Removed, position - overlay.Added.Count)),
                    };
            }
        );

    private void Change(Campaign campaign, DateOnly day, Func<DayOverlay, DayOverlay> change)
    {
        lock (writing)
            overlays[(campaign.Id, day)] = change(Overlay(campaign, day));
    }

    private DayOverlay Checked(Campaign campaign, DateOnly day, DayOverlay overlay, int position)
    {
        var count = Count(campaign, day, overlay);
        if (position < 0 || position >= count)
            throw new ArgumentOutOfRangeException(
                nameof(position),
                position,
                $"Campaign {campaign.Id} has {count} rows on {day:yyyy-MM-dd}."
            );
        return overlay;
    }
}
