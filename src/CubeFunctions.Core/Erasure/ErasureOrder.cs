using System.Text.Json.Serialization;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Senders;

namespace CubeFunctions.Core.Erasure;

/// <summary>Who is to be erased: the body of <c>POST /api/erasures</c>. Never part of an address, a row or a log.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ErasureOrder
{
    /// <summary>Id of the assignment, or of the CRM.</summary>
    public string? Assignment { get; init; }

    /// <summary>The customer's imported id (the CRM's own), as text: leading zeros count.</summary>
    public string? Customer { get; init; }

    /// <summary>What is wrong with it, without what was given; null where nothing is.</summary>
    public string? FindFault() =>
        !Scope.IsAssignmentOrCrm(Assignment) ? "assignment: must be the id of an assignment, such as 17, or of a CRM, such as 3-B2C"
        : string.IsNullOrWhiteSpace(Customer) ? "customer: is missing"
        : Customer.Length > UpsertLimits.CustomerIdLength || Customer.Any(char.IsControl)
            ? $"customer: is longer than {UpsertLimits.CustomerIdLength} characters, or holds control characters"
        : null;

    /// <summary>Ids are personal data: never shown.</summary>
    public override string ToString() => "a person";
}
