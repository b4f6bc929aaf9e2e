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

    /// <summary>Undoes <see cref="RemoveCampaign"/>.</summary>
    /// <param name="campaignId">The campaign.</param>
    public void RestoreCampaign(int campaignId) => ChangeCampaign(campaignId, campaign => campaign with { Gone = false });

    /// <summary>Adds a customer at the end of the feed.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="fields">Its fields by early or later names; <c>customer_id</c> is made up when it is left out.</param>
    /// <returns>Cube's id of it.</returns>
    public long AddCustomer(int assignmentId, JsonObject? fields = null)
    {
        var table = AssignmentTable(assignmentId);
        var early = CustomerRecord.ToEarly(fields ?? [], table.Assignment);
        early["customer_id"] ??= string.Create(CultureInfo.InvariantCulture, $"CRM-{Interlocked.Increment(ref agentsOrdinal):D6}");
        return table.Add(
            early,
            CustomerTable.Text(early["customer_id"]),
            (id, body) => CustomerRecord.Complete(id, body, table.Assignment, LocalNow, "Kari Agent", "Import new")
        );
    }

    /// <summary>Sets one field of a customer, as an agent would: the bookkeeping fields follow.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="internalId">Cube's id.</param>
    /// <param name="field">Early or later name, or the label of a tenant-defined field.</param>
    /// <param name="value">The new value; null is stored as <c>""</c>.</param>
    public void EditCustomer(int assignmentId, long internalId, string field, JsonNode? value)
    {
        var table = AssignmentTable(assignmentId);
        Found(
            internalId,
            table.Edit(
                internalId,
                record =>
                {
                    record[LaterShape.ToEarly(field, table.Assignment)] = value?.DeepClone() ?? "";
                    CustomerRecord.Touch(record, LocalNow, "Kari Agent", "Manual update");
                }
            )
        );
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

    /// <summary>Gives a customer another imported id; Cube's own id stays.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="internalId">Cube's id.</param>
    /// <param name="importedId">The new imported id.</param>
    public void RekeyCustomer(int assignmentId, long internalId, string importedId) =>
        EditCustomer(assignmentId, internalId, "customer_id", importedId);

    /// <summary>
    /// Adds a second record with the imported id of a customer: another person, with an internal id of its own, listed last.
    /// </summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="internalId">Cube's id of the first one.</param>
    /// <returns>Cube's id of the second one, which is the one the imported id leads to.</returns>
    public long DuplicateCustomer(int assignmentId, long internalId)
    {
        var first = Customer(assignmentId, internalId);
        Found(internalId, first);
        return AddCustomer(
            assignmentId,
            new JsonObject { ["customer_id"] = first!["customer_id"]!.DeepClone(), ["name"] = "Dobbelt Registrert" }
        );
    }

    /// <summary>
    /// Removes an assignment (a CRM in generation 2) with its campaigns: off the lists, and every feed answers 404, until restored.
    /// </summary>
    /// <param name="assignmentId">The assignment.</param>
    public void RemoveAssignment(int assignmentId) => AssignmentTable(assignmentId).Gone = true;

    /// <summary>Undoes <see cref="RemoveAssignment"/>.</summary>
    /// <param name="assignmentId">The assignment.</param>
    public void RestoreAssignment(int assignmentId) => AssignmentTable(assignmentId).Gone = false;

    /// <summary>Takes from the user the right to see some generated customers: not in any list, 404 by id, until restored.</summary>
    /// <param name="assignmentId">The assignment.</param>
    /// <param name="hidden">Chooses by index, 0 to <see cref="SimulatorOptions.CustomersPerAssignment"/> - 1; every other one by
    /// default.</param>
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
        int campaignId,
        long internalCustomerId,
        DateTime? when = null,
        string type = "Sale",
        string comment = "",
        string by = "Kari Agent"
    ) => Add(responses, campaignId, internalCustomerId, when, type, comment, by);

    /// <summary>Adds a response at an instant, which says which of the two it is when the clock shows an hour twice.</summary>
    /// <param name="campaignId">The campaign.</param>
    /// <param name="internalCustomerId">Cube's id of the customer.</param>
    /// <param name="at">The instant; its offset is not looked at.</param>
    /// <param name="type">Response type.</param>
    public void AddResponse(int campaignId, long internalCustomerId, DateTimeOffset at, string type = "Sale")
    {
        var local = TimeZoneInfo.ConvertTime(at, zone);
        var row = new DayRow(internalCustomerId, type, "", "", Minutes(local.DateTime), "Kari Agent") { Offset = local.Offset };
        responses.Add(CampaignOf(campaignId), DateOnly.FromDateTime(local.DateTime), row);
    }

    /// <summary>Notes responses late, for a day that may be long over; the same ones each time for a seed.</summary>
    /// <param name="campaignId">The campaign.</param>
    /// <param name="day">The local day.</param>
    /// <param name="count">How many.</param>
    public void AddLateResponses(int campaignId, DateOnly day, int count)
    {
        var campaign = CampaignOf(campaignId);
        for (var ordinal = 0; ordinal < count; ordinal++)
        {
            var hash = Rng.Key(Rng.Key(options.Seed, 8, campaignId, day.DayNumber), ordinal);
            var (type, subtype) = Rng.Pick(hash, Words.ResponseTypes);
            var when = day.ToDateTime(new TimeOnly(21, 0)).AddMinutes(ordinal % 180);
            var customer = campaign.Assignment.InternalId(Rng.Below(Rng.Key(hash, 1), campaign.Assignment.CustomerCount));
            responses.Add(
                campaign,
                day,
                new DayRow(
                    customer,
                    type,
                    subtype,
                    $"Etterregistrert {ordinal + 1}",
                    Minutes(when),
                    Rng.Pick(Rng.Key(hash, 2), Words.Agents)
                )
            );
        }
    }

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

    /// <summary>
    /// Switches the tenant to another generation, from the next request on: the same people, campaigns and calls. The user and the
    /// writes follow from the options and these variants; anonymised customers from the options alone.
    /// </summary>
    /// <param name="api">The generation.</param>
    /// <param name="variants">Its variants; the present ones are dropped.</param>
    /// <exception cref="ArgumentException">A tenant cannot have these variants together.</exception>
    public void Switch(TenantApi api, params IReadOnlyCollection<Variant> variants)
    {
        lock (writing)
        {
            var next = new TenantShape(options, api, variants, zone);
            pageSize = next.PageSize ?? pageSize;
            shape = next;
        }
    }

    internal void LetAgentsWork(Campaign campaign, string feedName)
    {
        DayFeed? worked = feedName switch
        {
            FeedAddress.Sms => DayFeed.Sms,
            FeedAddress.Responses or FeedAddress.CallOutcomes => DayFeed.Responses,
            _ => null,
        };
        if (worked is not { } feed)
            return;
        for (var rows = AgentsAtWork; rows > 0 && campaign.Assignment.CustomerCount > 0; rows--)
        {
            var ordinal = Interlocked.Increment(ref agentsOrdinal);
            var customer = campaign.Assignment.InternalId(ordinal % campaign.Assignment.CustomerCount);
            var text = string.Create(CultureInfo.InvariantCulture, $"Registrert fortløpende, nr. {ordinal}");
            Add(
                feed == DayFeed.Responses ? responses : sms,
                campaign.Id,
                customer,
                null,
                feed == DayFeed.Responses ? "Offer" : "Out",
                text,
                $"Agent {ordinal}"
            );
        }
    }

    private void Add(DayTable table, int campaignId, long customer, DateTime? when, string type, string text, string by)
    {
        var local = when ?? LocalNow;
        var row = new DayRow(customer, type, "", text, Minutes(local), by);
        table.Add(CampaignOf(campaignId), DateOnly.FromDateTime(local), row);
    }

    private static string Minutes(DateTime local) => local.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

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
