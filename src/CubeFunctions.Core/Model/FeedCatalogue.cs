namespace CubeFunctions.Core.Model;

/// <summary>The feeds of generation 1, as Cube's integration documents list them.</summary>
public static class FeedCatalogue
{
    /// <summary>The campaigns that the user may see. Its path depends on the kind of user.</summary>
    public static Feed Campaigns { get; } = new(
        "campaigns", "campaigns", ScopeKind.Tenant, "", Dated: false, FeedShape.Array,
        new RecordKey(Unique: true, ["campaign_id", "id"]));

    /// <summary>Customers of an assignment; always the full list.</summary>
    public static Feed Customers { get; } = new(
        "customers", "customers", ScopeKind.Assignment, "/api/v1/assignments/{id}/customers/", Dated: false, FeedShape.Paged,
        new RecordKey(Unique: true, [.. CustomerIds.InternalFirst]))
    {
        CustomerIds = [CustomerIds.Imported, CustomerIds.Internal],
    };

    /// <summary>The labels of tenant-defined fields.</summary>
    public static Feed CustomFields { get; } = new(
        "crm_custom_fields", "crm_custom_fields", ScopeKind.Assignment, "/api/v1/assignments/{id}/crm_custom_fields/", Dated: false, FeedShape.Array,
        new RecordKey(Unique: true, ["id", "lookup__id", "key"]));

    /// <summary>What agents noted after their calls.</summary>
    public static Feed Responses { get; } = new(
        "responses", "responses", ScopeKind.Campaign, "/api/v1/campaigns/{id}/responses/", Dated: true, FeedShape.Paged,
        new RecordKey(Unique: false, [.. CustomerIds.Imported], ["response_submitted_when"], ["response_submitted_by"]));

    /// <summary>All feeds, the ones that must be asked for among them.</summary>
    public static IReadOnlyList<Feed> All { get; } =
    [
        Campaigns,
        Responses,
        Sms("sms", ScopeKind.Campaign, "/api/v1/campaigns/{id}/sms/"),
        Callflow("callflow_customers", ScopeKind.Campaign, "/api/v1/campaigns/{id}/callflow_customers/"),
        Customers,
        CustomFields,
        Sms("sms@assignment", ScopeKind.Assignment, "/api/v1/assignments/{id}/sms/"),
        Callflow("callflow_customers@assignment", ScopeKind.Assignment, "/api/v1/assignments/{id}/callflow_customers/"),
    ];

    /// <summary>What is read unless <c>Sync__Feeds</c> says otherwise: everything once, so not the lists of assignments that repeat those of campaigns.</summary>
    public static IReadOnlyList<Feed> Default { get; } = [.. All.Where(feed => !feed.Setting.Contains('@', StringComparison.Ordinal))];

    /// <summary>The names as users type them, for messages.</summary>
    public static string NamesLine { get; } = string.Join(", ", All.Select(feed => feed.Setting));

    /// <summary>The feed of that name as users type it, or null.</summary>
    public static Feed? Find(string setting) => All.FirstOrDefault(feed => feed.Setting == setting);

    private static Feed Sms(string setting, ScopeKind scope, string path) => new(
        setting, "sms", scope, path, Dated: true, FeedShape.Paged,
        new RecordKey(Unique: false, ["sms_crm_customer_id", .. CustomerIds.Imported], ["sms_submitted_when"], ["sms_submitted_by"], ["sms_campaign_id"]));

    private static Feed Callflow(string setting, ScopeKind scope, string path) => new(
        setting, "callflow_customers", scope, path, Dated: false, FeedShape.Paged,
        new RecordKey(Unique: false, ["callflow__crm_customer_id", .. CustomerIds.Imported], ["campaign_id", "campaign__id", "campaign__name"]));
}
