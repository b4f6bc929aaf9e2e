using System.Text.Json;

namespace CubeFunctions.Core.Senders;

/// <summary>Bodies of <c>standard-webhooks</c> and <c>json</c> senders: a customer, or an array of customers.</summary>
internal static class FlatParser
{
    public static ParsedBody Parse(SenderPost post)
    {
        if (!post.Sender.Items.TryFind(post.Body, out var items))
        {
            return ParsedBody.Refuse(
                RefusalKind.WrongShape,
                $"The body has nothing at '{post.Sender.Items}', where the customers should be."
            );
        }

        return CustomerArray.Read(items, post.Sender.Items.ToString(), out var customers) is { } refusal
            ? ParsedBody.Refuse(refusal)
            : ParsedBody.Of(Events(post, customers, isArray: items.ValueKind == JsonValueKind.Array));
    }

    private static UpsertEvent[] Events(SenderPost post, IReadOnlyList<JsonElement> customers, bool isArray)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var events = new UpsertEvent[customers.Count];
        for (var i = 0; i < events.Length; i++)
        {
            events[i] = Event(post, customers[i], Unique(Id(post, customers[i], isArray ? i : null), i, taken));
        }

        return events;
    }

    /// <summary>
    /// An id that two customers of a post share is no id: the second would be taken for a repeat of the first, and be lost.
    /// </summary>
    private static string Unique(string id, int index, HashSet<string> taken)
    {
        while (!taken.Add(id))
        {
            id = EventIds.At(id, index);
        }

        return id;
    }

    private static string Id(SenderPost post, JsonElement customer, int? index)
    {
        if (post.Sender.Kind == SenderKind.StandardWebhooks)
        {
            return EventIds.At(StandardWebhooksSignature.IdOf(post.Headers) is { Length: > 0 } id ? id : post.PostId, index);
        }

        if (post.Sender.EventId is { } place)
        {
            if (place.TryFind(customer, out var own) && Scalars.Text(own) is { Length: > 0 } text)
            {
                return EventIds.Of(text);
            }

            if (place.TryFind(post.Body, out var shared) && Scalars.Text(shared) is { Length: > 0 } postId)
            {
                return EventIds.At(postId, index);
            }
        }

        return EventIds.At(post.PostId, index);
    }

    private static UpsertEvent Event(SenderPost post, JsonElement customer, string id)
    {
        var record = new FlatRecord(customer);
        var head = post.ArrivedEvent(id);
        if (post.Sender.EventTime is { } place)
        {
            if ((!place.TryFind(customer, out var time) && !place.TryFind(post.Body, out time)) || time.ValueKind == JsonValueKind.Null)
            {
                return WithCustomer(post, customer, record, head);
            }

            // A time that cannot be read must not become the arrival: an old event that came late would win over a newer one.
            head = EventTimes.TryReadInstant(time, out var given)
                ? post.Event(id, given)
                : head with
                {
                    Dead = $"the event's time at '{place}' is not a time",
                };
        }
        else if (EnvelopeTime(post) is { } sent)
        {
            head = post.Event(id, sent);
        }

        return WithCustomer(post, customer, record, head);
    }

    /// <summary>
    /// The time in the envelope that the Standard Webhooks specification gives payloads: <c>timestamp</c> beside <c>data</c>.
    /// </summary>
    private static DateTimeOffset? EnvelopeTime(SenderPost post) =>
        post.Sender.Kind == SenderKind.StandardWebhooks
        && post.Body.ValueKind == JsonValueKind.Object
        && post.Body.TryGetProperty("data", out _)
        && post.Body.TryGetProperty("timestamp", out var timestamp)
        && EventTimes.TryReadInstant(timestamp, out var time)
            ? time
            : null;

    private static UpsertEvent WithCustomer(SenderPost post, JsonElement customer, FlatRecord record, UpsertEvent head)
    {
        head = head with { CustomerId = post.CustomerId(record, customer.TryGetProperty(CubeFields.CustomerId, out var own) ? own : null) };
        if (head.Dead is not null)
        {
            return head;
        }

        var doubt = customer
            .EnumerateObject()
            .Where(member => IsPassed(post, member))
            .Select(member => CustomerMember.IdentityFault(member, post.Sender.AssignmentId))
            .FirstOrDefault(fault => fault is not null);
        if (doubt is not null)
        {
            return head with { Dead = doubt };
        }

        var faults = new List<string>();
        return post.Customer(head, record, Passed(post, customer, faults), faults);
    }

    private static bool IsPassed(SenderPost post, JsonProperty member) =>
        member.Name != post.Sender.EventId?.OnlyStep
        && member.Name != post.Sender.EventTime?.OnlyStep
        && post.Sender.FieldMap.Passes(member.Name);

    private static List<SourceValue> Passed(SenderPost post, JsonElement customer, List<string> faults)
    {
        var passed = new List<SourceValue>();
        foreach (var member in customer.EnumerateObject().Where(member => IsPassed(post, member) && CustomerMember.IsField(member.Name)))
        {
            if (CustomerMember.Fault(member) is { } fault)
            {
                faults.Add(fault);
            }
            else
            {
                passed.Add(new SourceValue(member.Name, 0, member.Value.GetRawText()));
            }
        }

        return passed;
    }
}
