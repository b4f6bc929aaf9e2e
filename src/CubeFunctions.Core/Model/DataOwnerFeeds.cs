namespace CubeFunctions.Core.Model;

/// <summary>The feeds of generation 2, as Cube's documents of 2020 to 2024 list them.</summary>
internal static class DataOwnerFeeds
{
    private const string Crm = "/api/v1/data_owners/{owner}/{type}/";
    private const string UnderCrm = "/api/v1/data_owners/{owner}/crm/{type}/";

    /// <summary>Where an outcome says when. The time stamp is the finer one.</summary>
    private static readonly string[] When =
    [
        "call_outcome__report_as__submitted_when_timestamp",
        "call_outcome__report_as__submitted_when",
        "call_outcome__submitted_when",
    ];

    private static readonly string[] By = ["call_outcome__report_as__submitted_by", "call_outcome__submitted_by"];
    private static readonly string[] Campaign = ["campaign__id", "campaign__name"];

    /// <summary>
    /// Customers of a CRM; always the full list. Early shape (<c>id</c>, <c>customer_id</c>) or later (<c>crm__customer_id</c>).
    /// </summary>
    public static Feed Customers { get; } =
        FeedCatalogue.Customers with
        {
            Scope = ScopeKind.Crm,
            Path = Crm + "customers/",
            OtherPath = UnderCrm + "customers/",
        };

    /// <summary>The generation.</summary>
    public static ApiCatalogue Catalogue { get; } =
        new()
        {
            Api = CubeApi.DataOwners,
            CustomersScope = ScopeKind.Crm,
            CustomersScopeMembers =
            [
                ["data_owner__id"],
                ["campaign__crm_type", "crm_type__name"],
            ],
            ListingPaths = ["/api/v1/campaigns", "/campaigns"],
            ExternalListingPaths = ["/api/v1/client_access/campaigns", "/client_access/campaigns"],
            ImportedIdInUrl = true,
            Writes = false,
            Feeds =
            [
                FeedCatalogue.Campaigns,
                Outcomes("call_outcomes", "call_outcomes", ScopeKind.Campaign, "/api/v1/campaigns/{id}/"),
                Registrations("product_registrations", ScopeKind.Campaign, "/api/v1/campaigns/{id}/"),
                FeedCatalogue.Sms,
                FeedCatalogue.Callflow,
                Customers,
                FeedCatalogue.CustomFields with
                {
                    Scope = ScopeKind.Crm,
                    Path = Crm + "crm_custom_fields/",
                    OtherPath = UnderCrm + "crm_custom_fields/",
                },
                Outcomes("call_outcomes@crm", "call_outcomes", ScopeKind.Crm, UnderCrm) with
                {
                    OtherPath = Crm + "call_outcomes/",
                },
                Registrations("product_registrations@crm", ScopeKind.Crm, UnderCrm) with
                {
                    OtherPath = Crm + "product_registrations/",
                },
                FeedCatalogue.Sms with
                {
                    Setting = "sms@crm",
                    Scope = ScopeKind.Crm,
                    Path = Crm + "sms/",
                    OtherPath = UnderCrm + "sms/",
                },
                FeedCatalogue.Callflow with
                {
                    Setting = "callflow_customers@crm",
                    Scope = ScopeKind.Crm,
                    Path = UnderCrm + "callflow_customers/",
                    OtherPath = Crm + "callflow_customers/",
                },
            ],
        };

    private static Feed Outcomes(string setting, string name, ScopeKind scope, string folder) =>
        new(
            setting,
            name,
            scope,
            $"{folder}{name}/",
            Dated: true,
            FeedShape.Paged,
            new RecordKey(Unique: false, [.. CustomerIds.Imported], When, By, Campaign)
        );

    private static Feed Registrations(string setting, ScopeKind scope, string folder)
    {
        var outcomes = Outcomes(setting, "product_registrations", scope, folder);
        return outcomes with { Key = new RecordKey(Unique: false, [.. outcomes.Key.Parts, ["product__code"]]) };
    }
}
