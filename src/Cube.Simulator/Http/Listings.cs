using System.Text.Json;
using Cube.Simulator.Generation;
using Cube.Simulator.Rows;

namespace Cube.Simulator.Http;

/// <summary>The bare arrays and their records.</summary>
internal static class Listings
{
    public static BodyAnswer Array<T>(TenantShape shape, IEnumerable<T> items, Action<Utf8JsonWriter, T> write) =>
        new(
            200,
            Json.ToBytes(json =>
            {
                json.WriteStartArray();
                foreach (var item in items)
                    shape.WriteObject(json, record => write(record, item));
                json.WriteEndArray();
            })
        );

    /// <summary>The campaigns, with broken entries among them when the tenant has such.</summary>
    public static BodyAnswer Campaigns(TenantShape shape, IReadOnlyList<Campaign> campaigns, DateOnly today) =>
        new(
            200,
            Json.ToBytes(json =>
            {
                var broken = shape.Has(Variant.ListingBroken);
                json.WriteStartArray();
                if (broken)
                    json.WriteNullValue();
                for (var position = 0; position < campaigns.Count; position++)
                {
                    if (broken && position == campaigns.Count / 2)
                        BrokenCampaign.WriteWithoutId(json, shape, campaigns[position]);
                    var campaign = campaigns[position];
                    var inNoScope = shape.Has(Variant.CampaignWithoutScope) && position == campaigns.Count - 1;
                    shape.WriteObject(json, record => WriteCampaign(record, shape, campaign, today, inNoScope));
                }

                if (broken)
                    BrokenCampaign.WriteIdAsObject(json, shape, campaigns.Count > 0 ? campaigns[0] : null);
                json.WriteEndArray();
            })
        );

    /// <summary>The members of a campaign.</summary>
    public static void WriteCampaign(Utf8JsonWriter json, TenantShape shape, Campaign campaign, DateOnly today, bool inNoScope)
    {
        if (shape.IsGeneration2)
            CampaignWriter.WriteOfDataOwner(json, shape, campaign, today, inNoScope);
        else if (shape.Has(Variant.ListingHalfway))
            CampaignWriter.WriteHalfway(json, campaign, today, inNoScope);
        else
            CampaignWriter.WriteOfAssignment(json, campaign, inNoScope);
    }

    public static void WriteAssignment(Utf8JsonWriter json, Assignment assignment) =>
        CampaignWriter.WriteAssignmentMembers(json, assignment, none: false);

    public static void WriteCustomField(Utf8JsonWriter json, CustomField field)
    {
        json.WriteNumber("id"u8, 900 + field.Number);
        json.WriteString("key"u8, field.Label);
        json.WriteString("type"u8, field.Type);
        json.WriteNumber("max_length"u8, field.MaxLength);
        json.WriteString("hint"u8, field.Hint);
        json.WriteString("lookup__id"u8, field.LaterName);
    }
}
