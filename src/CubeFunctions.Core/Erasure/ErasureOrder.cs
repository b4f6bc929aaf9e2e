using System.Text.Json.Serialization;
using CubeFunctions.Core.Senders;

namespace CubeFunctions.Core.Erasure;

/// <summary>Who is to be erased: the body of <c>POST /api/erasures</c>. Never part of an address, a row or a log.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ErasureOrder
{
    private const int LongestAssignment = 64;

    /// <summary>The assignment's id.</summary>
    public string? Assignment { get; init; }

    /// <summary>The customer's imported id (the CRM's own), as text: leading zeros count.</summary>
    public string? Customer { get; init; }

    /// <summary>What is wrong with it, without what was given; null where nothing is.</summary>
    public string? FindFault() =>
        Assignment is not { Length: > 0 and <= LongestAssignment } || !Assignment.All(char.IsAsciiLetterOrDigit) ? $"assignment: must be letters and digits, at most {LongestAssignment}"
        : string.IsNullOrWhiteSpace(Customer) ? "customer: is missing"
        : Customer.Length > UpsertLimits.CustomerIdLength || Customer.Any(char.IsControl)
            ? $"customer: is longer than {UpsertLimits.CustomerIdLength} characters, or holds control characters"
        : null;

    /// <summary>Ids are personal data: never shown.</summary>
    public override string ToString() => "a person";
}
