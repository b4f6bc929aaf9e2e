using System.Globalization;
using System.Text.Json;
using Cube.Simulator.Generation;

namespace Cube.Simulator.Rows;

/// <summary>The callflow_customers feed of some campaigns.</summary>
internal sealed class CallflowRows : IRows
{
    private readonly CallflowTable table;
    private readonly CustomerTable customers;
    private readonly CustomerState state;
    private readonly List<Segment> segments = [];

    public CallflowRows(CallflowTable table, CustomerTable customers, IReadOnlyList<Campaign> campaigns, string? callState)
    {
        this.table = table;
        this.customers = customers;
        state = customers.State;
        foreach (var campaign in campaigns)
        {
            var count = table.Size(campaign);
            int[]? filtered = null;
            if (callState is not null || !state.Deleted.IsEmpty || !state.Hidden.IsEmpty)
            {
                filtered = [.. Enumerable.Range(0, count).Where(position => IsShown(campaign, position, callState))];
                count = filtered.Length;
            }

            if (count > 0)
                segments.Add(new Segment(Count, campaign, filtered));
            Count += count;
        }
    }

    public int Count { get; }

    public void Write(Utf8JsonWriter json, int position)
    {
        var segment = segments.FindLast(candidate => candidate.Start <= position)!;
        var local = position - segment.Start;
        WriteRow(json, segment.Campaign, table.IndexAt(segment.Campaign, segment.Filtered is null ? local : segment.Filtered[local]));
    }

    private bool IsShown(Campaign campaign, int position, string? callState)
    {
        var index = table.IndexAt(campaign, position);
        return !state.IsAbsent(index) && (callState is null || table.State(campaign, campaign.Assignment.InternalId(index)) == callState);
    }

    private void WriteRow(Utf8JsonWriter json, Campaign campaign, int index)
    {
        var id = campaign.Assignment.InternalId(index);
        var key = table.Key(campaign, id);
        customers.WriteLater(json, state, id, feed: 1);
        json.WriteString("callflow__call_state_code"u8, table.State(campaign, id));
        json.WriteNumber("callflow__accumulated_attempts"u8, Rng.Below(Rng.Key(key, 1), 9));
        json.WriteString("callflow__recent_no_answers"u8, Rng.Below(Rng.Key(key, 2), 4).ToString(CultureInfo.InvariantCulture));
        json.WriteString("callflow__last_change__when"u8, $"2018-0{1 + Rng.Below(Rng.Key(key, 3), 9)}-1{Rng.Below(Rng.Key(key, 4), 9)} 14:05");
        json.WriteString("callflow__last_change__user"u8, Rng.Pick(Rng.Key(key, 5), Words.Agents));
        json.WriteString("callflow__last_change__cause"u8, Rng.Below(key, 2) == 0 ? "No answer" : "");
        json.WriteString("callflow__last_change__alternative"u8, "");
        json.WriteString("callflow__last_change__comment"u8, Rng.Pick(Rng.Key(key, 6), Words.Comments));
        if (index % 2 == 0)
            json.WriteNumber("callflow__crm_customer_id"u8, id);
        else
            json.WriteString("callflow__crm_customer_id"u8, id.ToString(CultureInfo.InvariantCulture));
        json.WriteString("campaign__name"u8, campaign.Name);
        json.WriteString("assignment__name"u8, campaign.Assignment.Name);
        json.WriteString("client__full_name"u8, campaign.Assignment.ClientName);
    }

    private sealed record Segment(int Start, Campaign Campaign, int[]? Filtered);
}
