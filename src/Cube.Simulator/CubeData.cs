using System.Globalization;
using System.Text.Json.Nodes;
using Cube.Simulator.Generation;
using Cube.Simulator.Http;
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
    private readonly Routes routes;
    private readonly Lock writing = new();
    private readonly List<CustomerWrite> writes = [];
    private volatile CustomerTable[] assignments;
    private volatile Campaign[] campaigns;
    private volatile TenantShape shape;
    private volatile int pageSize;
    private int agentsAtWork;
    private int agentsOrdinal;

    internal CubeData(SimulatorOptions options, TimeProvider time)
    {
        if (options.Variants.Contains(Variant.AnonymisedCustomers))
            options = options with { AnonymisedPerThousand = Math.Max(100, options.AnonymisedPerThousand) };
        this.options = options;
        this.time = time;
        zone = TimeZoneInfo.FindSystemTimeZoneById(options.TimeZone);
        shape = new TenantShape(options, options.Api, options.Variants, zone);
        pageSize = shape.PageSize ?? options.PageSize;
        routes = new Routes(this);
        generator = new DayGenerator(options);
        responses = new DayTable(DayFeed.Responses, generator);
        sms = new DayTable(DayFeed.Sms, generator);
        callflow = new CallflowTable(options);
        var count = Math.Max(1, (options.Campaigns + options.CampaignsPerAssignment - 1) / options.CampaignsPerAssignment);
        assignments =
        [
            .. Enumerable
                .Range(0, count)
                .Select(ordinal => new CustomerTable(options, new Assignment(ordinal, options.CustomersPerAssignment))),
        ];
        campaigns = [.. SeedCampaigns.Of(options, [.. assignments.Select(table => table.Assignment)])];
    }

    /// <summary>
    /// What is said of a value that is written to a field and that the field never takes; null where it takes it. Called with each field
    /// of a write and its value as text.
    /// </summary>
    public Func<string, string, string?>? ValueError { get; set; }

    /// <summary>Rows that are added to today of a campaign by each request for its responses or SMS; 0 when nobody works.</summary>
    public int AgentsAtWork
    {
        get => Volatile.Read(ref agentsAtWork);
        set => Volatile.Write(ref agentsAtWork, value);
    }

    /// <summary>Records per page from the next request on.</summary>
    public int PageSize
    {
        get => pageSize;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            pageSize = value;
        }
    }

    /// <summary>The generation that the tenant speaks at present.</summary>
    public TenantApi Api => shape.Api;

    /// <summary>The variants that it answers in at present.</summary>
    public IReadOnlySet<Variant> Variants => shape.Variants;

    /// <summary>Today in the tenant's time zone.</summary>
    public DateOnly Today => DateOnly.FromDateTime(LocalNow);

    /// <summary>Ids of all assignments.</summary>
    public IReadOnlyList<int> AssignmentIds => [.. assignments.Where(table => !table.Gone).Select(table => table.Assignment.Id)];

    /// <summary>Ids of all CRMs, <c>{data owner}-{CRM type}</c>, in the order of <see cref="AssignmentIds"/>.</summary>
    public IReadOnlyList<string> CrmIds => [.. AssignmentIds.Select(CrmOf)];

    /// <summary>The id of the CRM that an assignment is in generation 2.</summary>
    /// <param name="assignmentId">The assignment.</param>
    public string CrmOf(int assignmentId) => CrmId(shape, AssignmentTable(assignmentId).Assignment);

    /// <summary>The assignment that a CRM is in generation 1.</summary>
    /// <param name="crmId">The CRM's id.</param>
    public int AssignmentOfCrm(string crmId) => CrmTable(crmId).Assignment.Id;

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

    internal TenantShape Shape => shape;

    internal CustomerTable? FindAssignment(int id) => Array.Find(assignments, table => table.Assignment.Id == id && !table.Gone);

    internal CustomerTable? FindCrm(TenantShape current, string owner, string type) =>
        Array.Find(assignments, table => !table.Gone && CrmId(current, table.Assignment) == $"{owner}-{type}");

    internal Campaign? FindCampaign(int id) => Array.Find(campaigns, campaign => campaign.Id == id && Exists(campaign));

    internal IReadOnlyList<Campaign> Listed(bool includeInactive)
    {
        var today = Today;
        var all = includeInactive || shape.Has(Variant.ListingArchived);
        return [.. campaigns.Where(campaign => Exists(campaign) && !campaign.Unlisted && (all || campaign.ActiveOn(today)))];
    }

    internal void Record(CustomerWrite write)
    {
        lock (writing)
            writes.Add(write);
    }

    internal IRows Rows(TenantShape current, FeedAddress address, FeedFilter filter)
    {
        var outcomes = new OutcomeWriter(current);
        IRows rows = address.Feed switch
        {
            FeedAddress.Responses => new DayRows(responses, Views(address), filter, Today, DayRowWriter.WriteResponse),
            FeedAddress.CallOutcomes => new DayRows(responses, Views(address), filter, Today, outcomes.WriteCallOutcome),
            FeedAddress.ProductRegistrations => new DayRows(
                responses,
                Views(address),
                filter with
                {
                    Type = "Sale",
                },
                Today,
                outcomes.WriteProductRegistration
            ),
            FeedAddress.Sms => new DayRows(
                sms,
                Views(address),
                filter with
                {
                    Type = null,
                },
                Today,
                current.IsGeneration2 ? outcomes.WriteSms : DayRowWriter.WriteSms
            ),
            FeedAddress.CallflowCustomers => new CallflowRows(callflow, Views(address), filter.CallState, new CallflowWriter(current)),
            FeedAddress.CustomersFeed => new CustomerRows(address.Customers!, new CustomerWriter(current)),
            _ => throw new ArgumentException($"The tenant has no pages of {address.Feed}.", nameof(address)),
        };
        return current.Rules is { } rules ? new RuledRows(rows, rules) : rows;
    }

    /// <summary>The campaigns of a scope. Those of one assignment share one state of its customers.</summary>
    private List<CampaignView> Views(FeedAddress address)
    {
        var states = new Dictionary<CustomerTable, CustomerState>();
        var views = new List<CampaignView>();
        foreach (var campaign in address.Campaign is { } one ? [one] : campaigns.Where(Exists))
        {
            var table = AssignmentTable(campaign.Assignment.Id);
            if (address.Customers is not null && address.Customers != table)
                continue;
            if (!states.TryGetValue(table, out var state))
                states.Add(table, state = table.State);
            views.Add(new CampaignView(campaign, table, state));
        }

        return views;
    }

    private bool Exists(Campaign campaign) => !campaign.Gone && !AssignmentTable(campaign.Assignment.Id).Gone;

    private static string CrmId(TenantShape current, Assignment assignment) =>
        string.Create(CultureInfo.InvariantCulture, $"{assignment.DataOwnerId}-{current.CrmType(assignment)}");

    private CustomerTable CrmTable(string id) =>
        Array.Find(assignments, table => CrmId(shape, table.Assignment) == id)
        ?? throw new ArgumentException($"There is no CRM {id}; there are {string.Join(", ", CrmIds)}.");

    // Those that vanished too: a test can ask for them, a client cannot.
    private CustomerTable AssignmentTable(int id) =>
        Array.Find(assignments, table => table.Assignment.Id == id)
        ?? throw new ArgumentException($"There is no assignment {id}; there are {string.Join(", ", AssignmentIds)}.");

    private Campaign CampaignOf(int id) =>
        Array.Find(campaigns, campaign => campaign.Id == id) ?? throw new ArgumentException($"There is no campaign {id}.");

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
