using System.Globalization;
using System.Text.Json.Nodes;
using Cube.Simulator.Http;
using Cube.Simulator.Rows;

namespace Cube.Simulator;

/// <content>What a client should read: the records as the feeds give them, without <c>filler</c>. Each is enumerated lazily over one
/// state.</content>
public sealed partial class CubeData
{
    /// <summary>Every feed that the tenant answers at present, with its path. <see cref="Records"/> gives the records of each.</summary>
    /// <param name="includeInactive">Those of ended campaigns too.</param>
    public IEnumerable<TenantFeed> Feeds(bool includeInactive = false)
    {
        var current = shape;
        foreach (var feed in FeedAddress.Feeds(current.Api, ofCampaign: false, ofCustomers: false))
            yield return Described(current, "tenant", "all", new FeedAddress(feed, null, null));
        foreach (var campaign in Listed(includeInactive))
        {
            foreach (var feed in FeedAddress.Feeds(current.Api, ofCampaign: true, ofCustomers: false))
                yield return Described(
                    current,
                    "campaign",
                    campaign.Id.ToString(CultureInfo.InvariantCulture),
                    new FeedAddress(feed, campaign, null)
                );
        }

        foreach (var table in assignments.Where(table => !table.Gone))
        {
            var (scope, id) = current.IsGeneration2
                ? ("crm", CrmId(current, table.Assignment))
                : ("assignment", table.Assignment.Id.ToString(CultureInfo.InvariantCulture));
            foreach (var feed in FeedAddress.Feeds(current.Api, ofCampaign: false, ofCustomers: true))
                yield return Described(current, scope, id, new FeedAddress(feed, null, table));
        }
    }

    /// <summary>The records of a feed in the tenant's present generation and variants.</summary>
    /// <param name="scope"><c>tenant</c>, <c>campaign</c>, <c>assignment</c> or <c>crm</c>.</param>
    /// <param name="scopeId">The scope's id; <c>all</c> for the tenant.</param>
    /// <param name="feed">The feed's name; <c>campaigns</c> for the tenant's list.</param>
    /// <param name="from">First local day of a feed by day; today by default.</param>
    /// <param name="to">Last local day; today by default.</param>
    /// <exception cref="ArgumentException">The tenant has no such scope or feed.</exception>
    public IEnumerable<JsonObject> Records(string scope, string scopeId, string feed, DateOnly? from = null, DateOnly? to = null)
    {
        if (scope == "tenant" && feed == "campaigns")
            return Campaigns();
        var number = int.TryParse(scopeId, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;
        var address = scope switch
        {
            "campaign" => new FeedAddress(feed, CampaignOf(number), null),
            "assignment" => new FeedAddress(feed, null, AssignmentTable(number)),
            "crm" => new FeedAddress(feed, null, CrmTable(scopeId)),
            "tenant" => new FeedAddress(feed, null, null),
            _ => throw new ArgumentException($"There is no scope '{scope}'.", nameof(scope)),
        };
        var current = shape;
        if (!address.ExistsIn(current.Api))
            throw new ArgumentException($"The {current.Api} API has no feed '{feed}' of a {scope}.", nameof(feed));
        return feed == FeedAddress.CustomFields
            ? CustomFields(address.Customers!.Assignment.Id)
            : Enumerate(Rows(current, address, new FeedFilter(from ?? Today, to ?? Today)));
    }

    /// <summary>The campaigns list, without the broken entries of <see cref="Variant.ListingBroken"/>.</summary>
    /// <param name="includeInactive">As <c>include_inactive_campaigns=True</c>.</param>
    public IEnumerable<JsonObject> Campaigns(bool includeInactive = false)
    {
        var (current, today, listed) = (shape, Today, Listed(includeInactive));
        return listed.Select(campaign =>
            Json.ToObject(json =>
                current.WriteObject(
                    json,
                    record =>
                        Listings.WriteCampaign(
                            record,
                            current,
                            campaign,
                            today,
                            inNoScope: current.Has(Variant.CampaignWithoutScope) && campaign == listed[^1]
                        )
                )
            )
        );
    }

    /// <summary>The customers feed of an assignment, or of the CRM that it is.</summary>
    /// <param name="assignmentId">The assignment.</param>
    public IEnumerable<JsonObject> Customers(int assignmentId) =>
        Enumerate(
            Rows(shape, new FeedAddress(FeedAddress.CustomersFeed, null, AssignmentTable(assignmentId)), new FeedFilter(Today, Today))
        );

    /// <summary>The internal ids of the customers that are listed, in the feed's order, whatever the shape.</summary>
    /// <param name="assignmentId">The assignment.</param>
    public IEnumerable<long> CustomerIds(int assignmentId) =>
        new CustomerRows(AssignmentTable(assignmentId), new CustomerWriter(shape)).Ids;

    /// <summary>One customer in the early shape of generation 1, whatever the tenant speaks, or null when there is none.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="internalId">Cube's id.</param>
    public JsonObject? Customer(int assignmentId, long internalId)
    {
        var table = AssignmentTable(assignmentId);
        return table.Exists(internalId) ? table.Read(internalId) : null;
    }

    /// <summary>The internal id of the customer with an imported id, or null.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="importedId">The imported id, as text.</param>
    public long? FindCustomer(int assignmentId, string importedId) => AssignmentTable(assignmentId).FindImported(importedId);

    /// <summary>The responses of a campaign, which generation 2 calls call outcomes, both days included.</summary>
    /// <param name="campaignId">The campaign.</param>
    /// <param name="from">First local day.</param>
    /// <param name="to">Last local day.</param>
    /// <param name="responseType">Only these, or null for all.</param>
    public IEnumerable<JsonObject> Responses(int campaignId, DateOnly from, DateOnly to, string? responseType = null)
    {
        var current = shape;
        var feed = current.IsGeneration2 ? FeedAddress.CallOutcomes : FeedAddress.Responses;
        return Enumerate(
            Rows(current, new FeedAddress(feed, CampaignOf(campaignId), null), new FeedFilter(from, to) { Type = responseType })
        );
    }

    /// <summary>The SMS of a campaign, both days included.</summary>
    /// <param name="campaignId">The campaign.</param>
    /// <param name="from">First local day.</param>
    /// <param name="to">Last local day.</param>
    public IEnumerable<JsonObject> Sms(int campaignId, DateOnly from, DateOnly to) =>
        Enumerate(Rows(shape, new FeedAddress(FeedAddress.Sms, CampaignOf(campaignId), null), new FeedFilter(from, to)));

    /// <summary>The SMS of an assignment, or of the CRM that it is, both days included.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="from">First local day.</param>
    /// <param name="to">Last local day.</param>
    public IEnumerable<JsonObject> AssignmentSms(int assignmentId, DateOnly from, DateOnly to) =>
        Enumerate(Rows(shape, new FeedAddress(FeedAddress.Sms, null, AssignmentTable(assignmentId)), new FeedFilter(from, to)));

    /// <summary>The call flow of a campaign.</summary>
    /// <param name="campaignId">The campaign.</param>
    /// <param name="callState">Only these, or null for all.</param>
    public IEnumerable<JsonObject> CallflowCustomers(int campaignId, string? callState = null) =>
        Enumerate(
            Rows(
                shape,
                new FeedAddress(FeedAddress.CallflowCustomers, CampaignOf(campaignId), null),
                new FeedFilter(Today, Today) { CallState = callState }
            )
        );

    /// <summary>The call flow of an assignment, or of the CRM that it is.</summary>
    /// <param name="assignmentId">The assignment.</param>
    public IEnumerable<JsonObject> AssignmentCallflowCustomers(int assignmentId) =>
        Enumerate(
            Rows(shape, new FeedAddress(FeedAddress.CallflowCustomers, null, AssignmentTable(assignmentId)), new FeedFilter(Today, Today))
        );

    /// <summary>The custom fields of an assignment, or of the CRM that it is.</summary>
    /// <param name="assignmentId">The assignment.</param>
    public IEnumerable<JsonObject> CustomFields(int assignmentId)
    {
        var current = shape;
        return AssignmentTable(assignmentId)
            .Assignment.CustomFields.Select(field =>
                Json.ToObject(json => current.WriteObject(json, record => Listings.WriteCustomField(record, field)))
            );
    }

    private static TenantFeed Described(TenantShape current, string scope, string id, FeedAddress address) =>
        new(scope, id, address.Feed, address.IsDated, FeedAddress.IsPaged(address.Feed), Routes.PathOf(current, address));
}
