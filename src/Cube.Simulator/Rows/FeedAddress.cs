using Cube.Simulator.Generation;

namespace Cube.Simulator.Rows;

/// <summary>
/// A feed of one scope: of a campaign, of an assignment's customers (a CRM in generation 2), or of the whole tenant when neither is given.
/// </summary>
internal sealed record FeedAddress(string Feed, Campaign? Campaign, CustomerTable? Customers)
{
    public const string CallOutcomes = "call_outcomes";
    public const string CallflowCustomers = "callflow_customers";
    public const string CustomFields = "crm_custom_fields";
    public const string CustomersFeed = "customers";
    public const string ProductRegistrations = "product_registrations";
    public const string Responses = "responses";
    public const string Sms = "sms";

    private static readonly string[] DatedFeeds = [Responses, CallOutcomes, ProductRegistrations, Sms];
    private static readonly string[] PagedFeeds = [.. DatedFeeds, CallflowCustomers, CustomersFeed];

    public bool IsDated => DatedFeeds.Contains(Feed);

    /// <summary>Whether the tenant has such a feed in this scope.</summary>
    public bool ExistsIn(TenantApi api) => Feeds(api, Campaign is not null, Customers is not null).Contains(Feed);

    public static bool IsPaged(string feed) => PagedFeeds.Contains(feed);

    public static string[] Feeds(TenantApi api, bool ofCampaign, bool ofCustomers) =>
        (api, ofCampaign, ofCustomers) switch
        {
            (TenantApi.Assignments, true, _) => [Responses, Sms, CallflowCustomers],
            (TenantApi.Assignments, _, true) => [CustomersFeed, CustomFields, Sms, CallflowCustomers],
            (TenantApi.DataOwners, true, _) => [CallOutcomes, ProductRegistrations, Sms, CallflowCustomers],
            (TenantApi.DataOwners, _, true) => [CustomersFeed, CustomFields, CallOutcomes, ProductRegistrations, Sms, CallflowCustomers],
            (TenantApi.DataOwners, _, _) => [CallOutcomes],
            _ => [],
        };
}
