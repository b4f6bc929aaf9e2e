namespace Cube.Simulator;

/// <summary>What tenant to simulate. The same options on the same day give the same bytes, in any process.</summary>
public sealed record SimulatorOptions
{
    /// <summary>The generation of the API the tenant speaks.</summary>
    public TenantApi Api { get; init; } = TenantApi.Assignments;

    /// <summary>
    /// The documented variants it answers in; none by default. One of another generation, or two that exclude each other, are refused.
    /// </summary>
    public IReadOnlyCollection<Variant> Variants { get; init; } = [];

    /// <summary>Seed of the data and of the faults' dice.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Port on 127.0.0.1; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Active campaigns.</summary>
    public int Campaigns { get; init; } = 6;

    /// <summary>Campaigns that ended long ago; listed only with <c>include_inactive_campaigns=True</c>.</summary>
    public int EndedCampaigns { get; init; } = 2;

    /// <summary>Campaigns that share an assignment; the number of assignments follows from it.</summary>
    public int CampaignsPerAssignment { get; init; } = 3;

    /// <summary>Customers of each assignment, at most 9,000,000.</summary>
    public int CustomersPerAssignment { get; init; } = 1200;

    /// <summary>Customers of 1,000 that are anonymised from the start: their record keys are empty in most feeds.</summary>
    public int AnonymisedPerThousand { get; init; } = 4;

    /// <summary>Mean number of responses of a campaign on a working day; 0 for none.</summary>
    public int ResponsesPerCampaignPerDay { get; init; } = 40;

    /// <summary>Mean number of SMS of a campaign on a working day; 0 for none.</summary>
    public int SmsPerCampaignPerDay { get; init; } = 15;

    /// <summary>Customers in the call flow of each campaign, at most those of its assignment.</summary>
    public int CallflowCustomersPerCampaign { get; init; } = 300;

    /// <summary>Records per page.</summary>
    public int PageSize { get; init; } = 500;

    /// <summary>The token that <c>Authorization: Token</c> must hold.</summary>
    public string Token { get; init; } = "simulator-token";

    /// <summary>The user of <c>Authorization: Basic</c>.</summary>
    public string Username { get; init; } = "agent@example.test";

    /// <summary>The password of <c>Authorization: Basic</c>.</summary>
    public string Password { get; init; } = "simulator-password";

    /// <summary>
    /// The user is external: campaigns are under <c>/client_access/campaigns</c> only, and 403 elsewhere. Internal users get 403 there.
    /// </summary>
    public bool ExternalUser { get; init; }

    /// <summary>The tenant's time zone: what "today" means, and what times are written in.</summary>
    public string TimeZone { get; init; } = "Europe/Oslo";

    /// <summary><c>/campaigns</c> answers a page of HTML with 200; only <c>/api/v1/campaigns</c> has the list.</summary>
    public bool LaterPathsOnly { get; init; }

    /// <summary><c>/assignments</c> answers its list instead of 501.</summary>
    public bool AssignmentsListed { get; init; }

    /// <summary>Which id <c>/customers/{id}</c> takes for GET and PUT.</summary>
    public CustomerIdInUrl CustomerIdInUrl { get; init; } = CustomerIdInUrl.Internal;

    /// <summary>Whether PUT and POST are switched on.</summary>
    public WriteMode Writes { get; init; } = WriteMode.Enabled;

    /// <summary>Customers come in the later shape (<c>crm__*</c>, no internal id).</summary>
    public bool LaterFields { get; init; }

    /// <summary>Added to every answer.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>The tenant's limit of requests; none by default.</summary>
    public RateLimit? RateLimit { get; init; }

    /// <summary>How far the tenant's clock is ahead in every <c>Date</c> header; null leaves the header to the web server.</summary>
    public TimeSpan? DateSkew { get; init; }

    /// <summary>Characters of a member <c>filler</c> in each record of paged feeds; 0 leaves it out.</summary>
    public int FillerBytesPerRecord { get; init; }
}
