using System.Text.Json;

namespace Cube.Simulator.Generation;

/// <summary>Writes generated customers in both of Cube's shapes.</summary>
internal static class BaseCustomerWriter
{
    /// <summary>The members of the early shape, without the braces.</summary>
    public static void WriteEarly(Utf8JsonWriter json, in BaseCustomer customer)
    {
        var gone = customer.Anonymised;
        var assignment = customer.Assignment;
        json.WriteNumber("id"u8, customer.Id);
        WriteImportedId(json, "customer_id"u8, customer, feed: 0);
        if (customer.Index % 2 == 0)
            json.WriteNumber("assignment_id"u8, assignment.Id);
        else
            json.WriteString("assignment_id"u8, assignment.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        json.WriteString("name"u8, gone ? "Anonymized" : customer.Name);
        json.WriteString("gender"u8, gone ? "" : customer.Gender);
        json.WriteString("birth_date"u8, gone ? "" : customer.BirthDate);
        json.WriteString("need_to_know"u8, "");
        json.WriteString("care_of_name"u8, "");
        json.WriteString("zone_name"u8, "");
        json.WriteString("address_street"u8, gone ? "" : customer.Street);
        if (gone)
            json.WriteString("address_street_no"u8, "");
        else
            json.WriteNumber("address_street_no"u8, customer.StreetNumber);
        json.WriteString("address_entrance"u8, gone ? "" : customer.Entrance);
        var place = customer.Place;
        json.WriteString("zip_code"u8, gone ? "" : place.Zip);
        json.WriteString("city"u8, gone ? "" : place.City);
        json.WriteString("municipality"u8, gone ? "" : place.Municipality);
        json.WriteString("county"u8, gone ? "" : place.County);
        json.WriteString("country"u8, gone ? "" : "Norge");
        json.WriteString("phone_1"u8, gone ? "" : customer.Phone1);
        json.WriteString("phone_2"u8, gone ? "" : customer.Phone2);
        json.WriteString("phone_3"u8, "");
        json.WriteString("email"u8, gone ? "" : customer.Email);
        json.WriteString("company"u8, gone ? "" : customer.Company);
        if (assignment.IsCompanies)
        {
            json.WriteString("org_number"u8, gone ? "" : customer.OrgNumber);
            json.WriteString("org_name"u8, gone ? "" : customer.Company);
            json.WriteString("nace_code"u8, gone ? "" : "43.210");
            json.WriteString("nace_text"u8, gone ? "" : "Elektrisk installasjonsarbeid");
            if (gone)
                json.WriteString("number_of_employees"u8, "");
            else
                json.WriteNumber("number_of_employees"u8, customer.Employees);
        }

        foreach (var field in assignment.CustomFields)
            WriteCustom(json, field.Label, customer, field);
        json.WriteString("updated"u8, customer.Updated);
        json.WriteString("updated_by"u8, customer.UpdatedBy);
        json.WriteString("update_method"u8, customer.UpdateMethod);
    }

    /// <summary>The <c>crm__*</c> members, which responses and the others carry as well.</summary>
    public static void WriteLater(Utf8JsonWriter json, in BaseCustomer customer, int feed)
    {
        var gone = customer.Anonymised;
        WriteImportedId(json, "crm__customer_id"u8, customer, feed);
        json.WriteString("crm__standard_info__name"u8, gone ? "Anonymized" : customer.Name);
        json.WriteString("crm__standard_info__phone_1"u8, gone ? "" : customer.Phone1);
        json.WriteString("crm__standard_info__phone_2"u8, gone ? "" : customer.Phone2);
        json.WriteString("crm__standard_info__phone_3"u8, "");
        json.WriteString("crm__standard_info__email"u8, gone ? "" : customer.Email);
        foreach (var field in customer.Assignment.CustomFields)
            WriteCustom(json, field.LaterName, customer, field);
    }

    private static void WriteCustom(Utf8JsonWriter json, string name, in BaseCustomer customer, CustomField field)
    {
        if (customer.Anonymised)
        {
            json.WriteString(name, "");
            return;
        }

        var (text, number) = customer.Custom(field);
        if (number is { } value)
            json.WriteNumber(name, value);
        else
            json.WriteString(name, text);
    }

    private static void WriteImportedId(Utf8JsonWriter json, ReadOnlySpan<byte> name, in BaseCustomer customer, int feed)
    {
        if (customer.Anonymised)
            json.WriteString(name, "");
        else if (ImportedId.IsNumber(customer.Index, feed))
            json.WriteNumber(name, long.Parse(customer.ImportedId, System.Globalization.CultureInfo.InvariantCulture));
        else
            json.WriteString(name, customer.ImportedId);
    }
}
