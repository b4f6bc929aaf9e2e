using System.Globalization;
using System.Text.Json;
using Cube.Simulator.Generation;

namespace Cube.Simulator.Rows;

/// <summary>Writes a customer in a call flow.</summary>
internal sealed class CallflowWriter(TenantShape shape)
{
    private readonly bool later = shape.Has(Variant.CallflowLater);

    /// <summary>The state as this tenant names it.</summary>
    public string Name(string state) => later && state == "Completed - Yes" ? "Sale" : state;

    public void Write(Utf8JsonWriter json, CampaignView view, int index, string state, ulong key)
    {
        var id = view.Assignment.InternalId(index);
        view.Customers.WriteLater(json, view.State, id, feed: 1);
        if (later)
            WriteLater(json, state, key);
        else
            WriteEarly(json, state, key, id, index);
        json.WriteString("campaign__name"u8, view.Campaign.Name);
        if (!shape.IsGeneration2)
        {
            json.WriteString("assignment__name"u8, view.Assignment.Name);
            json.WriteString("client__full_name"u8, view.Assignment.ClientName);
            return;
        }

        json.WriteString(shape.HasCrmTypeMembers ? "crm_type__name"u8 : "campaign__crm_type"u8, shape.CrmType(view.Assignment));
        json.WriteString("data_owner__name"u8, view.Assignment.DataOwnerName);
    }

    private static void WriteEarly(Utf8JsonWriter json, string state, ulong key, long id, int index)
    {
        json.WriteString("callflow__call_state_code"u8, state);
        json.WriteNumber("callflow__accumulated_attempts"u8, Attempts(key));
        json.WriteString("callflow__recent_no_answers"u8, Rng.Below(Rng.Key(key, 2), 4).ToString(CultureInfo.InvariantCulture));
        json.WriteString("callflow__last_change__when"u8, LastChange(key));
        json.WriteString("callflow__last_change__user"u8, Rng.Pick(Rng.Key(key, 5), Words.Agents));
        json.WriteString("callflow__last_change__cause"u8, Rng.Below(key, 2) == 0 ? "No answer" : "");
        json.WriteString("callflow__last_change__alternative"u8, "");
        json.WriteString("callflow__last_change__comment"u8, Rng.Pick(Rng.Key(key, 6), Words.Comments));
        if (index % 2 == 0)
            json.WriteNumber("callflow__crm_customer_id"u8, id);
        else
            json.WriteString("callflow__crm_customer_id"u8, id.ToString(CultureInfo.InvariantCulture));
    }

    private void WriteLater(Utf8JsonWriter json, string state, ulong key)
    {
        json.WriteString("callflow__callstate__name"u8, Name(state));
        json.WriteNumber("callflow__attempts_status__attempts"u8, Attempts(key));
        json.WriteString("callflow__last_change__when"u8, LastChange(key));
        var booked = state is "Booked" or "Appointment open" or "Appointment closed";
        json.WriteString("meeting__agent"u8, booked ? Rng.Pick(Rng.Key(key, 5), Words.Agents) : "");
        json.WriteString("meeting__time__from_date_time"u8, booked ? LastChange(key)[..10] + " 15:00" : "");
        json.WriteString("meeting__time__to_date_time"u8, booked ? LastChange(key)[..10] + " 15:30" : "");
        foreach (var code in Product.Codes)
            json.WriteString("product__" + code, "");
    }

    private static int Attempts(ulong key) => Rng.Below(Rng.Key(key, 1), 9);

    private static string LastChange(ulong key) => $"2018-0{1 + Rng.Below(Rng.Key(key, 3), 9)}-1{Rng.Below(Rng.Key(key, 4), 9)} 14:05";
}
