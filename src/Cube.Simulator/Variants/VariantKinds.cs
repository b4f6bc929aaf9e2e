namespace Cube.Simulator;

/// <summary>The variants with their command-line names, for <c>cube simulate --help</c>.</summary>
public static class VariantKinds
{
    private const TenantApi One = TenantApi.Assignments;
    private const TenantApi Two = TenantApi.DataOwners;

    private static readonly Row[] Table =
    [
        new(
            "listing-halfway",
            Variant.ListingHalfway,
            One,
            null,
            "campaign__id with assignment__id; external users under /api/v1/client_access"
        ),
        new(
            "listing-broken",
            Variant.ListingBroken,
            null,
            null,
            "three broken entries more: null, one without an id, one whose id is an object"
        ),
        new("listing-archived", Variant.ListingArchived, Two, null, "archived campaigns are always listed"),
        new("campaign-without-scope", Variant.CampaignWithoutScope, null, null, "the last campaign has an empty assignment or CRM"),
        new("crm-type-members", Variant.CrmTypeMembers, Two, null, "crm_type__id and crm_type__name instead of campaign__crm_type"),
        new(
            "crm-type-free-names",
            Variant.CrmTypeFreeNames,
            Two,
            null,
            "as crm-type-members, with names other than B2C and B2B, in paths too"
        ),
        new("campaigns-at-root", Variant.CampaignsAtRoot, One, "campaigns", "the listing is at /campaigns only, 404 under /api/v1"),
        new(
            "campaigns-under-api",
            Variant.CampaignsUnderApi,
            One,
            "campaigns",
            "the listing is at /api/v1/campaigns only, 404 at /campaigns"
        ),
        new("external-user", Variant.ExternalUser, null, "user", "campaigns under client_access only"),
        new("external-user-under-api", Variant.ExternalUserUnderApi, One, "user", "campaigns under /api/v1/client_access only"),
        new("customers-under-crm", Variant.CustomersUnderCrm, Two, null, "customers under /crm/{type}/customers/, 404 without /crm"),
        new("customers-early", Variant.CustomersEarly, Two, null, "id, customer_id (a number), crm_type_id, plain names, null for empty"),
        new("customers-later", Variant.CustomersLater, One, null, "crm__* names and no internal id"),
        new("customer-by-imported-id", Variant.CustomerByImportedId, One, null, "the imported id in the address of one customer"),
        new("anonymised-customers", Variant.AnonymisedCustomers, null, null, "a tenth of the customers is anonymised from the start"),
        new(
            "call-outcomes-old-names",
            Variant.CallOutcomesOldNames,
            Two,
            "outcomes",
            "call_outcome__submitted_when|by|in_department, additional_input_text"
        ),
        new("call-outcomes-local-time", Variant.CallOutcomesLocalTime, Two, "outcomes", "minutes of local time alone, no timestamp"),
        new(
            "call-outcomes-timestamp",
            Variant.CallOutcomesTimestamp,
            Two,
            "outcomes",
            "the timestamp with an offset alone, no minutes of local time"
        ),
        new("callflow-later", Variant.CallflowLater, Two, null, "callflow__callstate__name, meeting__*, product__{code}, no internal id"),
        new("sms-generation1", Variant.SmsGeneration1, Two, null, "crm__name, client__short_name, no data_owner__*"),
        new("page-size-50", Variant.PageSize50, null, "page size", "50 records per page"),
        new("page-size-500", Variant.PageSize500, null, "page size", "500 records per page"),
        new("empty-null", Variant.EmptyNull, null, "empty", "empty values are null"),
        new("empty-text", Variant.EmptyText, null, "empty", "empty values are \"\""),
        new("empty-missing", Variant.EmptyMissing, null, "empty", "members without a value are left out"),
        new("ids-text", Variant.IdsText, null, "ids", "all ids are text"),
        new("ids-number", Variant.IdsNumber, null, "ids", "ids are numbers wherever that loses nothing"),
        new("next-self", Variant.NextSelf, null, "next", "'next' is the URL without any page"),
        new("next-bare", Variant.NextBare, null, "next", "'next' has no question mark"),
        new("next-other-feed", Variant.NextOtherFeed, null, "next", "'next' has another feed's path"),
        new("next-http", Variant.NextHttp, null, "next", "'next' is http:// without the port"),
        new("next-malformed", Variant.NextMalformed, null, "next", "'next' has a second ? and a stray slash"),
        new("bom", Variant.ByteOrderMark, null, "text", "a byte-order mark before listings and pages"),
        new("latin1", Variant.Latin1, null, "text", "ISO-8859-1, with its charset"),
        new("latin1-undeclared", Variant.Latin1Undeclared, null, "text", "ISO-8859-1, without a charset"),
        new("gzip", Variant.Gzip, null, null, "compressed when the request accepts it"),
        new("writes-404", Variant.Writes404, null, "writes", "every write answers 404"),
        new("writes-405", Variant.Writes405, null, "writes", "every write answers 405"),
        new("writes-501", Variant.Writes501, null, "writes", "every write answers 501"),
        new("create-in-body", Variant.CreateInBody, One, null, "POST /crm/customers with the ids in the body; 404 with the id in the path"),
        new("options-allow", Variant.OptionsAllow, null, null, "OPTIONS answers 200 with Allow"),
    ];

    /// <summary>The variants by command-line name.</summary>
    public static IReadOnlyDictionary<string, Variant> ByName { get; } =
        Table.ToDictionary(row => row.Name, row => row.Variant, StringComparer.OrdinalIgnoreCase);

    /// <summary>A description of one line for each command-line name, in the order to show them.</summary>
    public static IReadOnlyDictionary<string, string> Descriptions { get; } =
        new OrderedDictionary<string, string>(
            Table.Select(row => KeyValuePair.Create(row.Name, row.Description)),
            StringComparer.OrdinalIgnoreCase
        );

    /// <summary>Whether a tenant of a generation can have a variant.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="api">The generation.</param>
    public static bool IsOf(Variant variant, TenantApi api) => Find(variant).Api is not { } only || only == api;

    /// <summary>Reads a variant from its command-line name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="FormatException">There is none of that name; the message is fit to be shown to the user.</exception>
    public static Variant Parse(string name) =>
        ByName.TryGetValue(name, out var variant)
            ? variant
            : throw new FormatException($"Unknown variant '{name}'. Known: {string.Join(", ", Descriptions.Keys)}.");

    /// <summary>Why a tenant cannot have these variants together, or null.</summary>
    /// <param name="api">The generation.</param>
    /// <param name="variants">The variants.</param>
    public static string? Conflict(TenantApi api, IEnumerable<Variant> variants)
    {
        var groups = new Dictionary<string, Row>();
        foreach (var row in variants.Distinct().Select(Find))
        {
            if (!IsOf(row.Variant, api))
                return $"Variant {row.Name} is not one of the {api} API.";
            if (row.Group is not null && !groups.TryAdd(row.Group, row))
                return $"Variants {groups[row.Group].Name} and {row.Name} exclude each other.";
        }

        return null;
    }

    private static Row Find(Variant variant) =>
        Array.Find(Table, row => row.Variant == variant) ?? throw new ArgumentOutOfRangeException(nameof(variant));

    // Variants of one group exclude each other.
    private sealed record Row(string Name, Variant Variant, TenantApi? Api, string? Group, string Description);
}
