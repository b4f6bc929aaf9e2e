using System.Globalization;
using System.Text.Json;
using Cube.Simulator.Generation;

namespace Cube.Simulator.Rows;

/// <summary>Writes responses and SMS of generation 1 with their customers' fields.</summary>
internal static class DayRowWriter
{
    public static void WriteResponse(Utf8JsonWriter json, DayRow row, CampaignView view)
    {
        view.Customers.WriteLater(json, view.State, row.CustomerId, feed: 2);
        json.WriteString("client__short_name"u8, view.Assignment.ClientShortName);
        json.WriteString("client__full_name"u8, view.Assignment.ClientName);
        json.WriteString("assignment__name"u8, view.Assignment.Name);
        json.WriteString("campaign__name"u8, view.Campaign.Name);
        json.WriteString("campaign__type"u8, view.Assignment.IsCompanies ? "B2B" : "");
        json.WriteString("response_type"u8, row.Type);
        json.WriteString("response_subtype"u8, row.Subtype);
        json.WriteString("response_comment"u8, row.Comment);
        json.WriteString("response_submitted_when"u8, row.When);
        json.WriteString("response_submitted_by"u8, row.By);
    }

    public static void WriteSms(Utf8JsonWriter json, DayRow row, CampaignView view)
    {
        var anonymised = view.Customers.WriteLater(json, view.State, row.CustomerId, feed: 0);
        WriteSmsMembers(json, row, view, anonymised);
    }

    /// <summary>What an SMS has besides its customer's fields.</summary>
    public static void WriteSmsMembers(Utf8JsonWriter json, DayRow row, CampaignView view, bool anonymised)
    {
        var campaign = view.Campaign;
        if (anonymised)
            json.WriteBoolean("crm__pseudonymized"u8, true);
        else
            json.WriteString("crm__pseudonymized"u8, "");
        json.WriteNumber("sms_crm_customer_id"u8, row.CustomerId);
        json.WriteString("sms_customer_name"u8, view.Customers.NameOf(view.State, row.CustomerId));
        json.WriteString("sms_customer_number"u8, view.Customers.PhoneOf(view.State, row.CustomerId));
        json.WriteString("sms_assignment_number"u8, "2440");
        if (campaign.Id % 2 == 0)
            json.WriteNumber("sms_campaign_id"u8, campaign.Id);
        else
            json.WriteString("sms_campaign_id"u8, campaign.Id.ToString(CultureInfo.InvariantCulture));
        json.WriteString("sms_type"u8, row.Type);
        json.WriteString("sms_subtype"u8, row.Subtype);
        json.WriteString("sms_message"u8, anonymised ? "" : row.Comment);
        json.WriteString("sms_submitted_by"u8, row.By);
        json.WriteString("sms_submitted_when"u8, row.When);
        json.WriteString("sms_response_id"u8, "");
        json.WriteString("sms_relevant_for_reporting"u8, row.Type == "Out" ? "True" : "");
    }
}
