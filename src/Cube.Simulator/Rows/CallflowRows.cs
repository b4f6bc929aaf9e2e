using System.Text.Json;

namespace Cube.Simulator.Rows;

/// <summary>The callflow_customers feed of some campaigns.</summary>
internal sealed class CallflowRows : IRows
{
    private readonly CallflowTable table;
    private readonly CallflowWriter writer;
    private readonly List<Segment> segments = [];

    public CallflowRows(CallflowTable table, IReadOnlyList<CampaignView> campaigns, string? callState, CallflowWriter writer)
    {
        this.table = table;
        this.writer = writer;
        foreach (var view in campaigns)
        {
            var count = table.Size(view.Campaign);
            int[]? filtered = null;
            if (callState is not null || !view.State.Deleted.IsEmpty || !view.State.Hidden.IsEmpty)
            {
                filtered = [.. Enumerable.Range(0, count).Where(position => IsShown(view, position, callState))];
                count = filtered.Length;
            }

            if (count > 0)
                segments.Add(new Segment(Count, view, filtered));
            Count += count;
        }
    }

    public int Count { get; }

    public void Write(Utf8JsonWriter json, int position)
    {
        var segment = segments.FindLast(candidate => candidate.Start <= position)!;
        var local = position - segment.Start;
        var campaign = segment.View.Campaign;
        var index = table.IndexAt(campaign, segment.Filtered is null ? local : segment.Filtered[local]);
        var id = campaign.Assignment.InternalId(index);
        writer.Write(json, segment.View, index, table.State(campaign, id), table.Key(campaign, id));
    }

    private bool IsShown(CampaignView view, int position, string? callState)
    {
        var index = table.IndexAt(view.Campaign, position);
        return !view.State.IsAbsent(index)
            && (callState is null || writer.Name(table.State(view.Campaign, view.Assignment.InternalId(index))) == callState);
    }

    private sealed record Segment(int Start, CampaignView View, int[]? Filtered);
}
