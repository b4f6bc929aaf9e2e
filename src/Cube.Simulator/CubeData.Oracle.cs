using System.Text.Json.Nodes;
using Cube.Simulator.Http;
using Cube.Simulator.Rows;

namespace Cube.Simulator;

/// <content>What a client should read: the records as the feeds give them, without <c>filler</c>. Each is enumerated lazily over one state.</content>
public sealed partial class CubeData
{
    /// <summary>The campaigns list.</summary>
    /// <param name="includeInactive">As <c>include_inactive_campaigns=True</c>.</param>
    public IEnumerable<JsonObject> Campaigns(bool includeInactive = false) =>
        Listed(includeInactive).Select(campaign => Json.ToObject(json => Listings.WriteCampaign(json, campaign)));

    /// <summary>The customers feed of an assignment.</summary>
    /// <param name="assignmentId">The assignment.</param>
    public IEnumerable<JsonObject> Customers(int assignmentId) => Enumerate(CustomerRows(AssignmentTable(assignmentId)));

    /// <summary>One customer in the early shape, or null when there is none.</summary>
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

    /// <summary>The responses of a campaign, both days included.</summary>
    /// <param name="campaignId">The campaign.</param>
    /// <param name="from">First local day.</param>
    /// <param name="to">Last local day.</param>
    /// <param name="responseType">Only these, or null for all.</param>
    public IEnumerable<JsonObject> Responses(int campaignId, DateOnly from, DateOnly to, string? responseType = null) =>
        Enumerate(ResponseRows(CampaignOf(campaignId), from, to, responseType));

    /// <summary>The SMS of a campaign, both days included.</summary>
    /// <param name="campaignId">The campaign.</param>
    /// <param name="from">First local day.</param>
    /// <param name="to">Last local day.</param>
    public IEnumerable<JsonObject> Sms(int campaignId, DateOnly from, DateOnly to) => Enumerate(SmsRows(CampaignOf(campaignId), from, to));

    /// <summary>The SMS of an assignment, both days included.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="from">First local day.</param>
    /// <param name="to">Last local day.</param>
    public IEnumerable<JsonObject> AssignmentSms(int assignmentId, DateOnly from, DateOnly to) =>
        Enumerate(SmsRows(AssignmentTable(assignmentId), from, to));

    /// <summary>The call flow of a campaign.</summary>
    /// <param name="campaignId">The campaign.</param>
    /// <param name="callState">Only these, or null for all.</param>
    public IEnumerable<JsonObject> CallflowCustomers(int campaignId, string? callState = null) =>
        Enumerate(CallflowRows(CampaignOf(campaignId), callState));

    /// <summary>The call flow of an assignment.</summary>
    /// <param name="assignmentId">The assignment.</param>
    public IEnumerable<JsonObject> AssignmentCallflowCustomers(int assignmentId) =>
        Enumerate(CallflowRows(AssignmentTable(assignmentId), null));

    /// <summary>The custom fields of an assignment.</summary>
    /// <param name="assignmentId">The assignment.</param>
    public IEnumerable<JsonObject> CustomFields(int assignmentId) =>
        AssignmentTable(assignmentId).Assignment.CustomFields.Select(field => Json.ToObject(json => Listings.WriteCustomField(json, field)));
}
