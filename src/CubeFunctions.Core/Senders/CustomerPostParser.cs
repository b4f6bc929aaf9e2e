using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace CubeFunctions.Core.Senders;

/// <summary>
/// Reads the body of the product's own <c>POST /api/assignments/{assignmentId}/customers</c>: one customer or an array, in Cube's field
/// names. Pure, and never throws, whatever the bytes. What is wrong with any customer refuses the whole body: whoever calls this API
/// reads the answer.
/// </summary>
public static class CustomerPostParser
{
    /// <summary>Reads a body.</summary>
    /// <param name="assignmentId">The assignment in the route.</param>
    /// <param name="headers">The request's headers.</param>
    /// <param name="body">The body, byte for byte.</param>
    /// <param name="arrival">When it first arrived; it is the events' time.</param>
    /// <param name="postId">A new id, unique to this post; in an array each event's id is this one and the customer's place.</param>
    public static ParsedBody Parse(
        string assignmentId,
        IHeaderDictionary headers,
        ReadOnlyMemory<byte> body,
        DateTimeOffset arrival,
        string postId
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(assignmentId);
        ArgumentNullException.ThrowIfNull(headers);
        ArgumentException.ThrowIfNullOrEmpty(postId);
        var (document, refusal) = JsonBody.Read(headers, body);
        if (document is null)
        {
            return ParsedBody.Refuse(refusal!);
        }

        using (document)
        {
            if (CustomerArray.Read(document.RootElement, "", out var customers) is { } shape)
            {
                return ParsedBody.Refuse(shape);
            }

            var isArray = document.RootElement.ValueKind == JsonValueKind.Array;
            var events = new UpsertEvent[customers.Count];
            for (var i = 0; i < events.Length; i++)
            {
                var place = isArray ? string.Create(CultureInfo.InvariantCulture, $"Customer '/{i}': ") : "";
                if (Values(customers[i], assignmentId, out var customerId, out var fault) is not { } values)
                {
                    return ParsedBody.Refuse(RefusalKind.WrongShape, place + fault + ".");
                }

                events[i] = new UpsertEvent
                {
                    EventId = EventIds.At(postId, isArray ? i : null),
                    CustomerId = customerId,
                    AssignmentId = assignmentId,
                    EventTime = arrival,
                    EventTimeIsArrival = true,
                    Values = values,
                };
            }

            return ParsedBody.Of(events);
        }
    }

    private static List<SourceValue>? Values(JsonElement customer, string assignmentId, out string? customerId, out string? fault)
    {
        customerId = null;
        if (!customer.TryGetProperty(CubeFields.CustomerId, out var id) || !Scalars.TryReadId(id, out customerId))
        {
            fault = "field 'customer_id' is missing, or is no id (text, or a whole number)";
            return null;
        }

        var values = new List<SourceValue>();
        foreach (var member in customer.EnumerateObject())
        {
            fault = CustomerMember.IdentityFault(member, assignmentId) ?? CustomerMember.Fault(member);
            if (fault is not null)
            {
                return null;
            }

            if (CustomerMember.IsField(member.Name))
            {
                values.Add(new SourceValue(member.Name, 0, member.Value.GetRawText()));
            }
        }

        fault = values.Count == 0 ? "there is no field besides 'customer_id'" : null;
        return fault is null ? values : null;
    }
}
