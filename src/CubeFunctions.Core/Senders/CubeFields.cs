using System.Collections.Frozen;

namespace CubeFunctions.Core.Senders;

/// <summary>The field names of Cube's own, as far as its documents say; tenants add more.</summary>
internal static class CubeFields
{
    public const string CustomerId = "customer_id";
    public const string AssignmentId = "assignment_id";

    /// <summary>Before the label of a custom field; delivery finds the field by it.</summary>
    public const string CustomPrefix = "custom:";

    private static readonly FrozenSet<string> Names = FrozenSet.Create(
        StringComparer.Ordinal,
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
        "org_number",
        "org_name",
        "nace_code",
        "nace_text",
        "number_of_employees"
    );

    private static readonly FrozenSet<string> Identities = FrozenSet.Create(
        StringComparer.Ordinal,
        "id",
        "crm__customer_id",
        "external_customer_id"
    );

    /// <summary>Whether a flat customer's member of this name goes to Cube as it is, although a map does not mention it.</summary>
    public static bool IsOwn(string name) =>
        Names.Contains(name)
        || name.StartsWith("crm__standard_info__", StringComparison.Ordinal)
        || name.StartsWith("crm__custom_info__", StringComparison.Ordinal)
        || (name.StartsWith(CustomPrefix, StringComparison.Ordinal) && name.Length > CustomPrefix.Length);

    /// <summary>
    /// Whether this names the customer otherwise than by <c>customer_id</c>. Such a field is never sent: it could contradict the id
    /// that was looked up and checked, and reach the wrong person.
    /// </summary>
    public static bool IsIdentity(string name) => Identities.Contains(name);

    /// <summary>A name from a body, short enough for a reason or a problem's detail.</summary>
    public static string Shown(string name) =>
        name.Length <= 80 ? name : string.Concat(name.AsSpan(0, char.IsHighSurrogate(name[79]) ? 79 : 80), "...");
}
