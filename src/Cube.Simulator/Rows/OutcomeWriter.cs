using System.Globalization;
using System.Text.Json;
using Cube.Simulator.Generation;

namespace Cube.Simulator.Rows;

/// <summary>Writes what generation 1 calls responses and SMS the way generation 2 does.</summary>
internal sealed class OutcomeWriter(TenantShape shape)
{
    private readonly bool oldNames = shape.Has(Variant.CallOutcomesOldNames);

    public void WriteCallOutcome(Utf8JsonWriter json, DayRow row, CampaignView view)
    {
        view.Customers.WriteLater(json, view.State, row.CustomerId, feed: 2);
        view.Customers.WriteChangeLog(json, view.State, row.CustomerId);
        if (oldNames)
            WriteOldNames(json, row);
        else
            WriteNames(json, row);
        json.WriteString("campaign__name"u8, view.Campaign.Name);
        json.WriteString(shape.HasCrmTypeMembers ? "crm_type__name"u8 : "campaign__crm_type"u8, shape.CrmType(view.Assignment));
        json.WriteString("data_owner__name"u8, view.Assignment.DataOwnerName);
        json.WriteString("segment__name"u8, "Default segment");
    }

    public void WriteProductRegistration(Utf8JsonWriter json, DayRow row, CampaignView view)
    {
        WriteCallOutcome(json, row, view);
        var hash = Hash(row);
        var product = Rng.Below(hash, Words.Products.Length);
        json.WriteString("product__code"u8, Product.Codes[product]);
        json.WriteString("product__title"u8, Words.Products[product]);
        var price = 99 + (10 * Rng.Below(Rng.Key(hash, 1), 60));
        if (Rng.Below(Rng.Key(hash, 2), 2) == 0)
            json.WriteNumber("product__price"u8, price);
        else
            json.WriteString("product__price"u8, price.ToString(CultureInfo.InvariantCulture));
        json.WriteString("product__extra__Bindingstid"u8, "");
    }

    public void WriteSms(Utf8JsonWriter json, DayRow row, CampaignView view)
    {
        if (shape.Has(Variant.SmsGeneration1))
        {
            WriteSmsOfGeneration1(json, row, view);
            return;
        }

        DayRowWriter.WriteSms(json, row, view);
        json.WriteString("campaign__name"u8, view.Campaign.Name);
        json.WriteString(shape.HasCrmTypeMembers ? "crm_type__name"u8 : "campaign__crm_type"u8, shape.CrmType(view.Assignment));
        json.WriteString("data_owner__name"u8, view.Assignment.DataOwnerName);
    }

    private static void WriteSmsOfGeneration1(Utf8JsonWriter json, DayRow row, CampaignView view)
    {
        var anonymised = false;
        using var customer = Json.ToDocument(fields => anonymised = view.Customers.WriteLater(fields, view.State, row.CustomerId, feed: 0));
        foreach (var member in customer.RootElement.EnumerateObject())
        {
            json.WritePropertyName(member.Name.Replace("standard_info__", "", StringComparison.Ordinal));
            member.Value.WriteTo(json);
        }

        DayRowWriter.WriteSmsMembers(json, row, view, anonymised);
        json.WriteString("client__short_name"u8, view.Assignment.ClientShortName);
    }

    private void WriteNames(Utf8JsonWriter json, DayRow row)
    {
        json.WriteString("call_outcome__type"u8, row.Type);
        json.WriteString("call_outcome__subtype"u8, row.Subtype);
        json.WriteString("call_outcome__comment"u8, row.Comment);
        json.WriteString("call_outcome__report_as__submitted_by"u8, row.By);
        json.WriteString("call_outcome__report_as__submitted_in_team"u8, "Team Øst");
        if (!shape.Has(Variant.CallOutcomesTimestamp))
            json.WriteString("call_outcome__report_as__submitted_when"u8, row.When);
        if (!shape.Has(Variant.CallOutcomesLocalTime))
            json.WriteString("call_outcome__report_as__submitted_when_timestamp"u8, Timestamp(row));
        json.WriteString("call_outcome__extra__ID"u8, "");
    }

    private static void WriteOldNames(Utf8JsonWriter json, DayRow row)
    {
        json.WriteString("call_outcome__submitted_by"u8, row.By);
        json.WriteString("call_outcome__submitted_when"u8, row.When);
        json.WriteString("call_outcome__type"u8, row.Type);
        json.WriteString("call_outcome__subtype"u8, row.Subtype);
        json.WriteString("call_outcome__submitted_in_department"u8, "Team Øst");
        json.WriteString("call_outcome__comment"u8, row.Comment);
        json.WriteString("call_outcome__extra__ID"u8, "");
        json.WriteString("call_outcome__additional_input_text"u8, "");
    }

    /// <summary>The minute with seconds of its own, and the offset without a colon.</summary>
    private string Timestamp(DayRow row)
    {
        var hash = Hash(row);
        var local = DateTime
            .ParseExact(row.When, "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)
            .AddMilliseconds(Rng.Below(Rng.Key(hash, 3), 60_000));
        var offset = row.Offset ?? shape.Zone.GetUtcOffset(local);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{local:yyyy-MM-dd'T'HH:mm:ss.fff}{(offset < TimeSpan.Zero ? '-' : '+')}{offset:hhmm}"
        );
    }

    private static ulong Hash(DayRow row) =>
        row.When.Aggregate(Rng.Mix((ulong)row.CustomerId), static (hash, letter) => Rng.Key(hash, letter));
}
