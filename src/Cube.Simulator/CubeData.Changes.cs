using System.Globalization;
using System.Text.Json.Nodes;
using Cube.Simulator.Generation;
using Cube.Simulator.Rows;

namespace Cube.Simulator;

/// <content>What tests do to the tenant's data.</content>
public sealed partial class CubeData
{
    /// <summary>Adds an assignment with generated customers and no campaign.</summary>
    /// <returns>Its id.</returns>
    public int AddAssignment()
    {
        lock (writing)
        {
            var assignment = new Assignment(assignments.Length, options.CustomersPerAssignment);
            assignments = [.. assignments, new CustomerTable(options, assignment)];
            return assignment.Id;
        }
    }

    /// <summary>Adds an active campaign, with generated data from its start on.</summary>
    /// <param name="assignmentId">Its assignment.</param>
    /// <param name="start">First day; today by default.</param>
    /// <returns>Its id.</returns>
    public int AddCampaign(int assignmentId, DateOnly? start = null)
    {
        lock (writing)
        {
            var assignment = AssignmentTable(assignmentId).Assignment;
            var id = campaigns.Select(campaign => campaign.Id).DefaultIfEmpty(SeedCampaigns.FirstId - 1).Max() + 1;
            var siblings = campaigns.Count(campaign => campaign.Assignment.Id == assignmentId);
            campaigns = [.. campaigns, new Campaign(id, $"Ny kampanje {id}", assignment, siblings, start ?? Today, null)];
            return id;
        }
    }

    /// <summary>Ends a campaign: it leaves the list of active ones, and has no rows after its last day.</summary>
    /// <param name="campaignId">The campaign.</param>
    /// <param name="lastDay">Yesterday by default. A campaign is active until the end of its last day.</param>
    public void EndCampaign(int campaignId, DateOnly? lastDay = null) =>
        ChangeCampaign(campaignId, campaign => campaign with { End = lastDay ?? Today.AddDays(-1) });

    /// <summary>Takes a campaign off the list, whatever its state, or puts it back. Its feeds go on answering.</summary>
    /// <param name="campaignId">The campaign.</param>
    /// <param name="listed">Whether the list shows it.</param>
    public void ListCampaign(int campaignId, bool listed) => ChangeCampaign(campaignId, campaign => campaign with { Unlisted = !listed });

    /// <summary>Removes a campaign altogether: it is off the list and its feeds answer 404.</summary>
    /// <param name="campaignId">The campaign.</param>
    public void RemoveCampaign(int campaignId) => ChangeCampaign(campaignId, campaign => campaign with { Gone = true });

    /// <summary>Adds a customer at the end of the feed.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="fields">Its fields by early or later names; <c>customer_id</c> is made up when it is left out.</param>
    /// <returns>Cube's id of it.</returns>
    public long AddCustomer(int assignmentId, JsonObject? fields = null)
    {
        var table = AssignmentTable(assignmentId);
        var early = CustomerRecord.ToEarly(fields ?? [], table.Assignment);
        early["customer_id"] ??= string.Create(CultureInfo.InvariantCulture, $"CRM-{Interlocked.Increment(ref agentsOrdinal):D6}");
        return table.Add(early, CustomerTable.Text(early["customer_id"]), (id, body) =>
            CustomerRecord.Complete(id, body, table.Assignment, LocalNow, "Kari Agent", "Import new"));
    }

    /// <summary>Sets one field of a customer, as an agent would: the bookkeeping fields follow.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="internalId">Cube's id.</param>
    /// <param name="field">Early or later name, or the label of a tenant-defined field.</param>
    /// <param name="value">The new value; null is stored as <c>""</c>.</param>
    public void EditCustomer(int assignmentId, long internalId, string field, JsonNode? value)
    {
        var table = AssignmentTable(assignmentId);
        Found(internalId, table.Edit(internalId, record =>
        {
            record[LaterShape.ToEarly(field, table.Assignment)] = value?.DeepClone() ?? "";
            CustomerRecord.Touch(record, LocalNow, "Kari Agent", "Manual update");
        }));
    }

    /// <summary>Deletes a customer: not in any list, 404 by id. Responses and SMS of the customer stay.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="internalId">Cube's id.</param>
    public void DeleteCustomer(int assignmentId, long internalId) =>
        Found(internalId, AssignmentTable(assignmentId).Delete(internalId) ? new object() : null);

    /// <summary>Anonymises a customer: all personal fields <c>""</c>, the name <c>Anonymized</c>, in every feed.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="internalId">Cube's id.</param>
    public void AnonymiseCustomer(int assignmentId, long internalId) =>
        Found(internalId, AssignmentTable(assignmentId).Edit(internalId, CustomerRecord.Anonymise, anonymise: true));

    /// <summary>Takes from the user the right to see some generated customers: not in any list, 404 by id, until restored.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="hidden">Chooses by index, 0 to <see cref="SimulatorOptions.CustomersPerAssignment"/> - 1; every other one by default.</param>
    public void LosePermission(int assignmentId, Func<int, bool>? hidden = null) =>
        AssignmentTable(assignmentId).Hide(hidden ?? (index => index % 2 == 1));

    /// <summary>Undoes <see cref="LosePermission"/>.</summary>
    /// <param name="assignmentId">The assignment.</param>
    public void RestorePermission(int assignmentId) => AssignmentTable(assignmentId).Hide(null);

    /// <summary>Adds a response; it comes first among those of its day.</summary>
    /// <param name="campaignId">The campaign.</param>
    /// <param name="internalCustomerId">Cube's id of the customer.</param>
    /// <param name="when">Local time; now by default. Seconds are dropped.</param>
    /// <param name="type">Response type.</param>
    /// <param name="comment">Comment.</param>
    /// <param name="by">The agent.</param>
    public void AddResponse(
        int campaignId, long internalCustomerId, DateTime? when = null, string type = "Sale", string comment = "", string by = "Kari Agent") =>
        Add(responses, campaignId, internalCustomerId, when, type, comment, by);

    /// <summary>Changes the comment of a response.</summary>
    /// <param name="campaignId">The campaign.</param>
    /// <param name="day">The local day.</param>
    /// <param name="ordinal">Position in the feed among those of the day, from 0.</param>
    /// <param name="comment">The new comment.</param>
    public void CorrectResponse(int campaignId, DateOnly day, int ordinal, string comment) =>
        responses.Correct(CampaignOf(campaignId), day, ordinal, row => row with { Comment = comment });

    /// <summary>Removes a response.</summary>
    /// <param name="campaignId">The campaign.</param>
    /// <param name="day">The local day.</param>
    /// <param name="ordinal">Position in the feed among those of the day, from 0.</param>
    public void RemoveResponse(int campaignId, DateOnly day, int ordinal) => responses.Remove(CampaignOf(campaignId), day, ordinal);

    /// <summary>Adds an SMS; it comes first among those of its day.</summary>
    /// <param name="campaignId">The campaign.</param>
    /// <param name="internalCustomerId">Cube's id of the customer.</param>
    /// <param name="when">Local time; now by default. Seconds are dropped.</param>
    /// <param name="message">The text.</param>
    /// <param name="by">The agent.</param>
    public void AddSms(int campaignId, long internalCustomerId, DateTime? when = null, string message = "Hei!", string by = "Kari Agent") =>
        Add(sms, campaignId, internalCustomerId, when, "Out", message, by);

    /// <summary>Removes an SMS.</summary>
    /// <param name="campaignId">The campaign.</param>
    /// <param name="day">The local day.</param>
    /// <param name="ordinal">Position in the feed among those of the day, from 0.</param>
    public void RemoveSms(int campaignId, DateOnly day, int ordinal) => sms.Remove(CampaignOf(campaignId), day, ordinal);

    /// <summary>Sets the call state of a customer in a campaign's call flow.</summary>
    /// <param name="campaignId">The campaign.</param>
    /// <param name="internalCustomerId">Cube's id of the customer.</param>
    /// <param name="callState">The state; campaigns may define their own.</param>
    public void SetCallState(int campaignId, long internalCustomerId, string callState) =>
        callflow.SetState(CampaignOf(campaignId), internalCustomerId, callState);

    internal void LetAgentsWork(Campaign campaign, DayFeed feed)
    {
        for (var rows = AgentsAtWork; rows > 0 && campaign.Assignment.CustomerCount > 0; rows--)
        {
            var ordinal = Interlocked.Increment(ref agentsOrdinal);
            var customer = campaign.Assignment.InternalId(ordinal % campaign.Assignment.CustomerCount);
            var text = string.Create(CultureInfo.InvariantCulture, $"Registrert fortløpende, nr. {ordinal}");
            Add(feed == DayFeed.Responses ? responses : sms, campaign.Id, customer, null, feed == DayFeed.Responses ? "Offer" : "Out", text, $"Agent {ordinal}");
        }
    }

    private void Add(DayTable table, int campaignId, long customer, DateTime? when, string type, string text, string by)
    {
        var local = when ?? LocalNow;
        var row = new DayRow(customer, type, "", text, local.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture), by);
        table.Add(CampaignOf(campaignId), DateOnly.FromDateTime(local), row);
    }

    private void ChangeCampaign(int id, Func<Campaign, Campaign> change)
    {
        lock (writing)
        {
            CampaignOf(id);
            campaigns = [.. campaigns.Select(campaign => campaign.Id == id ? change(campaign) : campaign)];
        }
    }

    private static void Found(long internalId, object? result)
    {
        if (result is null)
            throw new ArgumentException($"There is no customer {internalId} in this assignment.", nameof(internalId));
    }
}
