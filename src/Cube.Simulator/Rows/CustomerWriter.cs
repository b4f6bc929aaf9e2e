using System.Text.Json;

namespace Cube.Simulator.Rows;

/// <summary>Writes a customer of the customers feed, or one asked for alone.</summary>
internal sealed class CustomerWriter(TenantShape shape)
{
    public void WriteListed(Utf8JsonWriter json, CustomerTable table, CustomerState state, long id) =>
        Write(json, table, state, id, "customer_id");

    public void WriteSingle(Utf8JsonWriter json, CustomerTable table, CustomerState state, long id) =>
        Write(json, table, state, id, "external_customer_id");

    private void Write(Utf8JsonWriter json, CustomerTable table, CustomerState state, long id, string idMember)
    {
        if (!shape.CustomersAreEarly)
            table.WriteLater(json, state, id, feed: 1);
        else if (shape.IsGeneration2)
            WriteEarlyOfGeneration2(json, table, state, id, idMember);
        else
            table.WriteEarly(json, state, id);
    }

    private static void WriteEarlyOfGeneration2(Utf8JsonWriter json, CustomerTable table, CustomerState state, long id, string idMember)
    {
        using var customer = Json.ToDocument(early => table.WriteEarly(early, state, id));
        foreach (var member in customer.RootElement.EnumerateObject())
        {
            if (member.NameEquals("assignment_id"u8))
                json.WriteNumber("crm_type_id"u8, table.Assignment.CrmTypeId);
            else if (member.Value.ValueKind == JsonValueKind.String && member.Value.ValueEquals(""u8))
                json.WriteNull(member.NameEquals("customer_id"u8) ? idMember : member.Name);
            else if (member.NameEquals("customer_id"u8))
                ValueRules.WriteId(json, idMember, member.Value, asNumber: true);
            else
                member.WriteTo(json);
        }
    }
}
