using System.Globalization;
using Cube.Simulator.Rows;

namespace Cube.Simulator.Http;

/// <summary>Between paths and what they name, in both generations.</summary>
internal sealed class Routes(CubeData data)
{
    /// <summary>Whether a path is one of a paged feed, in whatever generation.</summary>
    public static bool IsPaged(string[] path) =>
        path switch
        {
            ["api", "v1", "campaigns" or "assignments", _, var feed] => FeedAddress.IsPaged(feed),
            ["api", "v1", FeedAddress.CallOutcomes] => true,
            ["api", "v1", "data_owners", _, "crm", _, var feed] => FeedAddress.IsPaged(feed),
            ["api", "v1", "data_owners", _, _, var feed] => FeedAddress.IsPaged(feed),
            _ => false,
        };

    /// <summary>The feed at a path, or null when the tenant has none there.</summary>
    public FeedAddress? Find(TenantShape shape, string[] path)
    {
        FeedAddress? address = path switch
        {
            ["api", "v1", "campaigns", var id, var feed] => Number(id) is { } campaign && data.FindCampaign(campaign) is { } found
                ? new(feed, found, null)
                : null,
            ["api", "v1", "assignments", var id, var feed] when !shape.IsGeneration2 => Assignment(id) is { } table
                ? new(feed, null, table)
                : null,
            ["api", "v1", FeedAddress.CallOutcomes] => new(FeedAddress.CallOutcomes, null, null),
            ["api", "v1", "data_owners", var owner, "crm", var type, var feed] when IsUnderCrm(shape, feed) => Crm(
                shape,
                owner,
                type,
                feed
            ),
            ["api", "v1", "data_owners", var owner, var type, var feed] when !IsUnderCrm(shape, feed) => Crm(shape, owner, type, feed),
            _ => null,
        };
        return address is not null && address.ExistsIn(shape.Api) ? address : null;
    }

    /// <summary>The customers and the id at a path of one customer; null when it is no such path.</summary>
    public (CustomerTable? Customers, string Id)? FindCustomer(TenantShape shape, string[] path)
    {
        if (!shape.IsGeneration2)
            return path is ["api", "v1", "assignments", var assignment, "customers", var one] ? (Assignment(assignment), one) : null;
        var underCrm = shape.Has(Variant.CustomersUnderCrm);
        return path switch
        {
            ["api", "v1", "data_owners", var owner, "crm", var type, "customers", var id] when underCrm => (
                data.FindCrm(shape, owner, type),
                id
            ),
            ["api", "v1", "data_owners", var owner, var type, "customers", var id] when !underCrm => (data.FindCrm(shape, owner, type), id),
            _ => null,
        };
    }

    public static string PathOf(TenantShape shape, FeedAddress address) =>
        address switch
        {
            { Campaign: { } campaign } => string.Create(CultureInfo.InvariantCulture, $"/api/v1/campaigns/{campaign.Id}/{address.Feed}/"),
            { Customers: { } table } when !shape.IsGeneration2 => string.Create(
                CultureInfo.InvariantCulture,
                $"/api/v1/assignments/{table.Assignment.Id}/{address.Feed}/"
            ),
            { Customers: { } table } => string.Create(
                CultureInfo.InvariantCulture,
                $"/api/v1/data_owners/{table.Assignment.DataOwnerId}/{(IsUnderCrm(shape, address.Feed) ? "crm/" : "")}{Uri.EscapeDataString(shape.CrmType(table.Assignment))}/{address.Feed}/"
            ),
            _ => $"/api/v1/{address.Feed}/",
        };

    private static bool IsUnderCrm(TenantShape shape, string feed) =>
        feed switch
        {
            FeedAddress.CustomersFeed => shape.Has(Variant.CustomersUnderCrm),
            FeedAddress.Sms or FeedAddress.CustomFields => false,
            _ => true,
        };

    private FeedAddress? Crm(TenantShape shape, string owner, string type, string feed) =>
        data.FindCrm(shape, owner, type) is { } table ? new FeedAddress(feed, null, table) : null;

    private CustomerTable? Assignment(string id) => Number(id) is { } number ? data.FindAssignment(number) : null;

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
}
