using System.Globalization;
using System.Text.Json;
using Cube.Simulator.Generation;

namespace Cube.Simulator.Http;

/// <summary>The records of the bare arrays.</summary>
internal static class Listings
{
    public static void WriteCampaign(Utf8JsonWriter json, Campaign campaign)
    {
        json.WriteStartObject();
        if (campaign.Id % 3 == 0)
            json.WriteString("campaign_id"u8, campaign.Id.ToString(CultureInfo.InvariantCulture));
        else
            json.WriteNumber("campaign_id"u8, campaign.Id);
        json.WriteString("campaign_name"u8, campaign.Name);
        json.WriteString("start_date"u8, Date(campaign.Start));
        json.WriteString("end_date"u8, campaign.End is { } end ? Date(end) : "");
        WriteAssignmentMembers(json, campaign.Assignment);
        json.WriteEndObject();
    }

    public static void WriteAssignment(Utf8JsonWriter json, Assignment assignment)
    {
        json.WriteStartObject();
        WriteAssignmentMembers(json, assignment);
        json.WriteEndObject();
    }

    public static void WriteCustomField(Utf8JsonWriter json, CustomField field)
    {
        json.WriteStartObject();
        json.WriteNumber("id"u8, 900 + field.Number);
        json.WriteString("key"u8, field.Label);
        json.WriteString("type"u8, field.Type);
        json.WriteNumber("max_length"u8, field.MaxLength);
        json.WriteString("hint"u8, field.Hint);
        json.WriteString("lookup__id"u8, field.LaterName);
        json.WriteEndObject();
    }

    private static void WriteAssignmentMembers(Utf8JsonWriter json, Assignment assignment)
    {
        json.WriteNumber("assignment_id"u8, assignment.Id);
        json.WriteString("assignment_name"u8, assignment.Name);
        json.WriteNumber("client_id"u8, assignment.ClientId);
        json.WriteString("client_name"u8, assignment.ClientName);
    }

    private static string Date(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
