using System.Text.Json.Nodes;
using Cube.Simulator.Generation;
using Cube.Simulator.Rows;

namespace Cube.Simulator;

/// <summary>
/// The tenant's data: generated from the seed, with changes laid over it. Tests change it while the simulator answers, and ask it
/// what a client should have read. Safe for concurrent use.
/// </summary>
public sealed partial class CubeData
{
    private readonly SimulatorOptions options;
    private readonly TimeProvider time;
    private readonly TimeZoneInfo zone;
    private readonly DayGenerator generator;
    private readonly DayTable responses;
    private readonly DayTable sms;
    private readonly CallflowTable callflow;
    private readonly Lock writing = new();
    private readonly List<CustomerWrite> writes = [];
    private volatile CustomerTable[] assignments;
    private volatile Campaign[] campaigns;
    private int agentsAtWork;
    private int agentsOrdinal;

    internal CubeData(SimulatorOptions options, TimeProvider time)
    {
        this.options = options;
        this.time = time;
        zone = TimeZoneInfo.FindSystemTimeZoneById(options.TimeZone);
        generator = new DayGenerator(options);
        responses = new DayTable(DayFeed.Responses, generator);
        sms = new DayTable(DayFeed.Sms, generator);
        callflow = new CallflowTable(options);
        var count = Math.Max(1, (options.Campaigns + options.CampaignsPerAssignment - 1) / options.CampaignsPerAssignment);
        assignments = [.. Enumerable.Range(0, count).Select(ordinal => new CustomerTable(options, new Assignment(ordinal, options.CustomersPerAssignment)))];
        campaigns = [.. SeedCampaigns.Of(options, [.. assignments.Select(table => table.Assignment)])];
    }

    /// <summary>Rows that are added to today of a campaign by each request for its responses or SMS; 0 when nobody works.</summary>
    public int AgentsAtWork
    {
        get => Volatile.Read(ref agentsAtWork);
        set => Volatile.Write(ref agentsAtWork, value);
    }

    /// <summary>Today in the tenant's time zone.</summary>
    public DateOnly Today => DateOnly.FromDateTime(LocalNow);

    /// <summary>Ids of all assignments.</summary>
    public IReadOnlyList<int> AssignmentIds => [.. assignments.Select(table => table.Assignment.Id)];

    /// <summary>Ids of the campaigns that the list shows.</summary>
    /// <param name="includeInactive">Ended ones too.</param>
    public IReadOnlyList<int> CampaignIds(bool includeInactive = false) => [.. Listed(includeInactive).Select(campaign => campaign.Id)];

    /// <summary>The assignment of a campaign.</summary>
    /// <param name="campaignId">The campaign.</param>
    public int AssignmentOf(int campaignId) => CampaignOf(campaignId).Assignment.Id;

    /// <summary>Writes through the API that were done, in order.</summary>
    public IReadOnlyList<CustomerWrite> Writes
    {
        get
        {
            lock (writing)
                return [.. writes];
        }
    }

    internal DateTime LocalNow => TimeZoneInfo.ConvertTime(time.GetUtcNow(), zone).DateTime;

    internal CustomerTable? FindAssignment(int id) => Array.Find(assignments, table => table.Assignment.Id == id);

    internal Campaign? FindCampaign(int id) => Array.Find(campaigns, campaign => campaign.Id == id && !campaign.Gone);

    internal IReadOnlyList<Campaign> Listed(bool includeInactive)
    {
        var today = Today;
        return [.. campaigns.Where(campaign => !campaign.Gone && !campaign.Unlisted && (includeInactive || campaign.ActiveOn(today)))];
    }

    internal void Record(CustomerWrite write)
    {
        lock (writing)
            writes.Add(write);
    }

    private CustomerTable AssignmentTable(int id) =>
        FindAssignment(id) ?? throw new ArgumentException($"There is no assignment {id}; there are {string.Join(", ", AssignmentIds)}.");

    private Campaign CampaignOf(int id) =>
        Array.Find(campaigns, campaign => campaign.Id == id) ?? throw new ArgumentException($"There is no campaign {id}.");

    private IReadOnlyList<Campaign> CampaignsIn(CustomerTable table) =>
        [.. campaigns.Where(campaign => campaign.Assignment.Id == table.Assignment.Id && !campaign.Gone)];

    internal IRows ResponseRows(Campaign campaign, DateOnly from, DateOnly to, string? type) =>
        new DayRows(responses, AssignmentTable(campaign.Assignment.Id), [campaign], from, to, Today, type);

    internal IRows SmsRows(Campaign campaign, DateOnly from, DateOnly to) =>
        new DayRows(sms, AssignmentTable(campaign.Assignment.Id), [campaign], from, to, Today, null);

    internal IRows SmsRows(CustomerTable table, DateOnly from, DateOnly to) =>
        new DayRows(sms, table, CampaignsIn(table), from, to, Today, null);

    internal IRows CallflowRows(Campaign campaign, string? callState) =>
        new CallflowRows(callflow, AssignmentTable(campaign.Assignment.Id), [campaign], callState);

    internal IRows CallflowRows(CustomerTable table, string? callState) =>
        new CallflowRows(callflow, table, CampaignsIn(table), callState);

    internal IRows CustomerRows(CustomerTable table) => new CustomerRows(table, options.LaterFields);

    private static IEnumerable<JsonObject> Enumerate(IRows rows)
    {
        for (var position = 0; position < rows.Count; position++)
        {
            var current = position;
            yield return Json.ToObject(json =>
            {
                json.WriteStartObject();
                rows.Write(json, current);
                json.WriteEndObject();
            });
        }
    }
}
