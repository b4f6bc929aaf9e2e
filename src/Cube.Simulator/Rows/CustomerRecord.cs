using System.Globalization;
using System.Text.Json.Nodes;
using Cube.Simulator.Generation;

namespace Cube.Simulator.Rows;

/// <summary>Whole customer records in the early shape.</summary>
internal static class CustomerRecord
{
    private static readonly string[] Members =
    [
        "name",
        "gender",
        "birth_date",
        "need_to_know",
        "care_of_name",
        "zone_name",
        "address_street",
        "address_street_no",
        "address_entrance",
        "zip_code",
        "city",
        "municipality",
        "county",
        "country",
        "phone_1",
        "phone_2",
        "phone_3",
        "email",
        "company",
    ];

    private static readonly string[] Kept = ["id", "assignment_id", "updated", "updated_by", "update_method"];

    public static JsonObject ToEarly(JsonObject fields, Assignment assignment)
    {
        var early = new JsonObject();
        foreach (var (name, value) in fields)
            early[LaterShape.ToEarly(name, assignment)] = value?.DeepClone() ?? "";
        return early;
    }

    /// <summary>The record that Cube keeps of what was sent: every known member, then whatever else there was.</summary>
    public static JsonObject Complete(long id, JsonObject fields, Assignment assignment, DateTime now, string by, string method)
    {
        var record = new JsonObject
        {
            ["id"] = id,
            ["customer_id"] = fields["customer_id"]?.DeepClone() ?? "",
            ["assignment_id"] = assignment.Id,
        };
        foreach (var member in Members.Concat(assignment.CustomFields.Select(field => field.Label)))
            record[member] = fields[member]?.DeepClone() ?? "";
        Merge(record, fields);
        Touch(record, now, by, method);
        return record;
    }

    /// <summary>Takes over all fields but those that say who the customer is.</summary>
    public static void Merge(JsonObject record, JsonObject fields)
    {
        foreach (var (name, value) in fields)
        {
            if (name is not ("id" or "customer_id" or "assignment_id"))
                record[name] = value?.DeepClone() ?? "";
        }
    }

    /// <summary>Sets the bookkeeping fields, at the end of the record as always.</summary>
    public static void Touch(JsonObject record, DateTime now, string by, string method)
    {
        foreach (
            var (name, value) in new[]
            {
                ("updated", now.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)),
                ("updated_by", by),
                ("update_method", method),
            }
        )
        {
            record.Remove(name);
            record[name] = value;
        }
    }

    public static void Anonymise(JsonObject record)
    {
        foreach (var name in record.Select(member => member.Key).ToArray())
        {
            if (!Kept.Contains(name))
                record[name] = name == "name" ? "Anonymized" : "";
        }
    }
}
