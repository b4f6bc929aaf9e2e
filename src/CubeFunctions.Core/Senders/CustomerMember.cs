using System.Text.Json;

namespace CubeFunctions.Core.Senders;

/// <summary>One member of a customer that is sent in Cube's names.</summary>
internal static class CustomerMember
{
    /// <summary>Whether it is a field to send; the two ids are known apart from the fields.</summary>
    public static bool IsField(string name) => name is not (CubeFields.CustomerId or CubeFields.AssignmentId);

    /// <summary>Why the member makes it doubtful who the customer is, so that nothing of it can be sent; null where it does not.</summary>
    public static string? IdentityFault(JsonProperty member, string assignmentId) =>
        member.Name == CubeFields.AssignmentId && Scalars.Text(member.Value) != assignmentId
            ? "field 'assignment_id' names another assignment"
        : CubeFields.IsIdentity(member.Name) ? $"field '{member.Name}' is not taken: the customer is named by 'customer_id'"
        : null;

    /// <summary>Why the member alone cannot be sent to Cube; null where it can.</summary>
    public static string? Fault(JsonProperty member) =>
        string.IsNullOrWhiteSpace(member.Name) ? "a field has no name"
        : member.Name.Length > UpsertLimits.FieldNameLength || member.Name.Any(c => char.IsControl(c) || c == JsonBody.HalfSurrogate)
            ? "a field's name is too long, or holds control characters"
        : Scalars.Fault(member.Value) is { } fault ? $"field '{CubeFields.Shown(member.Name)}' {fault}"
        : null;
}
