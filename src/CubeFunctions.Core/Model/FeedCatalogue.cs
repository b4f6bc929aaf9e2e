namespace CubeFunctions.Core.Model;

/// <summary>The feeds of both generations. A name and the kind of its scope name one feed.</summary>
public static class FeedCatalogue
{
    /// <summary>The campaigns that the user may see. Its path depends on the kind of user.</summary>
    public static Feed Campaigns { get; } =
        new(
            "campaigns",
            "campaigns",
            ScopeKind.Tenant,
            "",
            Dated: false,
            FeedShape.Array,
            new RecordKey(Unique: true, ["campaign_id", "campaign__id", "id"])
        );

    /// <summary>Customers of an assignment; always the full list.</summary>
    public static Feed Customers { get; } =
        new(
            "customers",
            "customers",
            ScopeKind.Assignment,
            "/api/v1/assignments/{id}/customers/",
            Dated: false,
            FeedShape.Paged,
            new RecordKey(Unique: true, [.. CustomerIds.InternalFirst])
        )
        {
            CustomerIds = [CustomerIds.Imported, CustomerIds.Internal],
        };

    /// <summary>The labels of tenant-defined fields.</summary>
    public static Feed CustomFields { get; } =
        new(
            "crm_custom_fields",
            "crm_custom_fields",
            ScopeKind.Assignment,
            "/api/v1/assignments/{id}/crm_custom_fields/",
            Dated: false,
            FeedShape.Array,
            new RecordKey(Unique: true, ["id", "lookup__id", "key"])
        );

    /// <summary>What agents noted after their calls.</summary>
    public static Feed Responses { get; } =
        new(
            "responses",
            "responses",
            ScopeKind.Campaign,
            "/api/v1/campaigns/{id}/responses/",
            Dated: true,
            FeedShape.Paged,
            new RecordKey(Unique: false, [.. CustomerIds.Imported], ["response_submitted_when"], ["response_submitted_by"])
        );

    /// <summary>SMS of a campaign, in both generations.</summary>
    internal static Feed Sms { get; } =
        new(
            "sms",
            "sms",
            ScopeKind.Campaign,
            "/api/v1/campaigns/{id}/sms/",
            Dated: true,
            FeedShape.Paged,
            new RecordKey(
                Unique: false,
                ["sms_crm_customer_id", .. CustomerIds.Imported],
                ["sms_submitted_when"],
                ["sms_submitted_by"],
                ["sms_campaign_id"]
            )
        );

    /// <summary>Customers in the call flow of a campaign, in both generations.</summary>
    internal static Feed Callflow { get; } =
        new(
            "callflow_customers",
            "callflow_customers",
            ScopeKind.Campaign,
            "/api/v1/campaigns/{id}/callflow_customers/",
            Dated: false,
            FeedShape.Paged,
            new RecordKey(
                Unique: false,
                ["callflow__crm_customer_id", .. CustomerIds.Imported],
                ["campaign_id", "campaign__id", "campaign__name"]
            )
        );

    /// <summary>Generation 1, as the documents up to 2018 list it; the listing halfway to generation 2 as well.</summary>
    public static ApiCatalogue Assignments { get; } =
        new()
        {
            Api = CubeApi.Assignments,
            CustomersScope = ScopeKind.Assignment,
            CustomersScopeMembers =
            [
                ["assignment_id", "assignment__id"],
            ],
            ListingPaths = ["/campaigns", "/api/v1/campaigns"],
            ExternalListingPaths = ["/client_access/campaigns", "/api/v1/client_access/campaigns"],
            ImportedIdInUrl = false,
            CreatePath = "/crm/customers",
            Writes = true,
            Feeds =
            [
                Campaigns,
                Responses,
                Sms,
                Callflow,
                Customers,
                CustomFields,
                Sms with
                {
                    Setting = "sms@assignment",
                    Scope = ScopeKind.Assignment,
                    Path = "/api/v1/assignments/{id}/sms/",
                },
                Callflow with
                {
                    Setting = "callflow_customers@assignment",
                    Scope = ScopeKind.Assignment,
                    Path = "/api/v1/assignments/{id}/callflow_customers/",
                },
            ],
        };

    /// <summary>Generation 2.</summary>
    public static ApiCatalogue DataOwners => DataOwnerFeeds.Catalogue;

    /// <summary>Both generations.</summary>
    public static IReadOnlyList<ApiCatalogue> Generations { get; } = [Assignments, DataOwners];

    /// <summary>All feeds of both generations, those that must be asked for among them.</summary>
    public static IReadOnlyList<Feed> All { get; } = [.. Generations.SelectMany(static generation => generation.Feeds).Distinct()];

    /// <summary>
    /// What is read unless <c>Sync__Feeds</c> says otherwise: everything once, so not the lists of assignments and CRMs that repeat those
    /// of campaigns. A run reads
    /// those of them that the tenant's generation has.
    /// </summary>
    public static IReadOnlyList<Feed> Default { get; } =
    [.. All.Where(feed => !RepeatsCampaigns(feed.Setting)).DistinctBy(feed => feed.Setting)];

    /// <summary>Whether a feed, as users type it, is a list of a whole assignment or CRM that repeats those of campaigns.</summary>
    internal static bool RepeatsCampaigns(string setting) => setting.Contains('@', StringComparison.Ordinal);

    /// <summary>
    /// Whether a feed is of both generations, under the same name in the same scopes: what it gives differs all the same.
    /// </summary>
    internal static bool IsOfBoth(Feed feed) => Generations.All(generation => generation.Feeds.Contains(feed));

    /// <summary>The names as users type them, for messages.</summary>
    public static string NamesLine { get; } = string.Join(", ", All.Select(feed => feed.Setting).Distinct());

    /// <summary>The catalogue of a generation; null for <see cref="CubeApi.Auto"/>.</summary>
    public static ApiCatalogue? Of(CubeApi api) => Generations.FirstOrDefault(generation => generation.Api == api);

    /// <summary>A feed of that name as users type it, or null.</summary>
    public static Feed? Find(string setting) => All.FirstOrDefault(feed => feed.Setting == setting);

    /// <summary>The feed of that name in scopes of a kind, or null.</summary>
    public static Feed? Find(string setting, ScopeKind scope) => All.FirstOrDefault(feed => feed.Setting == setting && feed.Scope == scope);
}
