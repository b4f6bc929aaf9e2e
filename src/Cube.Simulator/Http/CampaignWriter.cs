using System.Globalization;
using System.Text.Json;
using Cube.Simulator.Generation;

namespace Cube.Simulator.Http;

/// <summary>Writes the members of a campaign as the documents of each time have them.</summary>
internal static class CampaignWriter
{
    public static void WriteOfAssignment(Utf8JsonWriter json, Campaign campaign, bool inNoScope)
    {
        WriteId(json, "campaign_id", campaign);
        json.WriteString("campaign_name"u8, campaign.Name);
        json.WriteString("start_date"u8, Date(campaign.Start));
        json.WriteString("end_date"u8, campaign.End is { } end ? Date(end) : "");
        WriteAssignmentMembers(json, campaign.Assignment, inNoScope);
    }

    public static void WriteHalfway(Utf8JsonWriter json, Campaign campaign, DateOnly today, bool inNoScope)
    {
        WriteId(json, "campaign__id", campaign);
        json.WriteString("campaign__name"u8, campaign.Name);
        json.WriteString("campaign__description"u8, "");
        WriteDates(json, campaign, today);
        WriteScopeId(json, "assignment__id", campaign.Assignment.Id, inNoScope);
        json.WriteString("assignment__name"u8, inNoScope ? "" : campaign.Assignment.Name);
        json.WriteString("assignment__description"u8, "");
        json.WriteNumber("client__id"u8, campaign.Assignment.ClientId);
        json.WriteString("client__short_name"u8, campaign.Assignment.ClientShortName);
        json.WriteString("client__full_name"u8, campaign.Assignment.ClientName);
    }

    public static void WriteOfDataOwner(Utf8JsonWriter json, TenantShape shape, Campaign campaign, DateOnly today, bool inNoScope)
    {
        WriteId(json, "campaign__id", campaign);
        json.WriteString("campaign__name"u8, campaign.Name);
        WriteDates(json, campaign, today);
        WriteCrmType(json, shape, campaign.Assignment, inNoScope);
        json.WriteNumber("service__id"u8, 1 + (campaign.Id % 2));
        json.WriteString("service__name"u8, campaign.Id % 2 == 0 ? "Salg" : "Kundeservice");
        WriteScopeId(json, "data_owner__id", campaign.Assignment.DataOwnerId, inNoScope);
        json.WriteString("data_owner__name"u8, inNoScope ? "" : campaign.Assignment.DataOwnerName);
    }

    public static void WriteCrmType(Utf8JsonWriter json, TenantShape shape, Assignment assignment, bool none)
    {
        if (shape.HasCrmTypeMembers)
            WriteScopeId(json, "crm_type__id", assignment.CrmTypeId, none);
        json.WriteString(shape.HasCrmTypeMembers ? "crm_type__name"u8 : "campaign__crm_type"u8, none ? "" : shape.CrmType(assignment));
    }

    public static void WriteAssignmentMembers(Utf8JsonWriter json, Assignment assignment, bool none)
    {
        WriteScopeId(json, "assignment_id", assignment.Id, none);
        json.WriteString("assignment_name"u8, none ? "" : assignment.Name);
        json.WriteNumber("client_id"u8, assignment.ClientId);
        json.WriteString("client_name"u8, assignment.ClientName);
    }

    private static void WriteDates(Utf8JsonWriter json, Campaign campaign, DateOnly today)
    {
        var isActive = campaign.ActiveOn(today);
        json.WriteString("campaign__start_date"u8, Date(campaign.Start));
        json.WriteString("campaign__end_date"u8, campaign.End is { } end ? Date(end) : "");
        json.WriteString("campaign__archived_date"u8, isActive ? "" : Date(campaign.End!.Value));
        if (isActive)
            json.WriteBoolean("campaign__is_active"u8, true);
        else
            json.WriteString("campaign__is_active"u8, "");
    }

    private static void WriteId(Utf8JsonWriter json, string name, Campaign campaign)
    {
        if (campaign.Id % 3 == 0)
            json.WriteString(name, campaign.Id.ToString(CultureInfo.InvariantCulture));
        else
            json.WriteNumber(name, campaign.Id);
    }

    private static void WriteScopeId(Utf8JsonWriter json, string name, int id, bool none)
    {
        if (none)
            json.WriteString(name, "");
        else
            json.WriteNumber(name, id);
    }

    private static string Date(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
