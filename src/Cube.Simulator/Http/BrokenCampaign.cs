using System.Globalization;
using System.Text.Json;
using Cube.Simulator.Generation;

namespace Cube.Simulator.Http;

/// <summary>Entries of the listing that name no campaign.</summary>
internal static class BrokenCampaign
{
    public static void WriteWithoutId(Utf8JsonWriter json, TenantShape shape, Campaign neighbour)
    {
        json.WriteStartObject();
        json.WriteString(Name(shape, "campaign", "name"), "Uten id");
        WriteScope(json, shape, neighbour);
        json.WriteEndObject();
    }

    public static void WriteIdAsObject(Utf8JsonWriter json, TenantShape shape, Campaign? neighbour)
    {
        json.WriteStartObject();
        json.WriteStartObject(Name(shape, "campaign", "id"));
        json.WriteNumber("id"u8, 199);
        json.WriteEndObject();
        json.WriteString(Name(shape, "campaign", "name"), "Objekt");
        if (neighbour is not null)
            WriteScope(json, shape, neighbour);
        json.WriteEndObject();
    }

    private static void WriteScope(Utf8JsonWriter json, TenantShape shape, Campaign neighbour)
    {
        var id = shape.IsGeneration2 ? neighbour.Assignment.DataOwnerId : neighbour.Assignment.Id;
        json.WriteString(Name(shape, shape.IsGeneration2 ? "data_owner" : "assignment", "id"), id.ToString(CultureInfo.InvariantCulture));
        if (shape.IsGeneration2)
            CampaignWriter.WriteCrmType(json, shape, neighbour.Assignment, none: false);
    }

    private static string Name(TenantShape shape, string of, string member) =>
        of + (shape.IsGeneration2 || shape.Has(Variant.ListingHalfway) ? "__" : "_") + member;
}
