using System.Globalization;
using System.Net;
using System.Text.Json;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Senders;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using Polly;
using Polly.CircuitBreaker;

namespace CubeFunctions.Core.Upserts;

/// <summary>Finds a customer in Cube, makes sure that it is he, and writes.</summary>
public sealed class CustomerWriter(
    CubeClient cube, CustomerIndex index, CustomerSearch search, CustomFieldLabels labels, ErasedPersons erased, CubeSettings settings, TimeProvider time)
{
    private readonly ResiliencePipeline _breaker = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddCircuitBreaker(new CircuitBreakerStrategyOptions
        {
            // Only a Cube that is down opens it: one that fails every third time is better retried.
            FailureRatio = 0.9,
            MinimumThroughput = 10,
            SamplingDuration = TimeSpan.FromSeconds(30),
            BreakDuration = BreakFor,
            ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Exception is CubeException { Kind: CubeFailureKind.Transient }),
        })
        .Build();

    private const int MostAttempts = 3;

    /// <summary>How long one look through the list of customers is good for, where no time is known that it has to be younger than.</summary>
    private static readonly TimeSpan SearchedFor = TimeSpan.FromMinutes(10);

    private static TimeSpan RepeatAfter { get; } = TimeSpan.FromMilliseconds(500);

    private static TimeSpan BreakFor { get; } = TimeSpan.FromSeconds(20);

    /// <summary>Brings fields into Cube.</summary>
    /// <param name="mailbox">The customer. What is found out about him is noted in it.</param>
    /// <param name="fields">JSON scalars by Cube's fields, or by <c>custom:{label}</c>.</param>
    /// <param name="save">Stores the mailbox, before something that must not be forgotten.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="CubeException">Cube failed in a way that may pass.</exception>
    internal async Task<WriteOutcome> WriteAsync(
        MailboxRow mailbox, IReadOnlyDictionary<string, string> fields, Func<Task> save, CancellationToken cancellationToken)
    {
        if (mailbox.CustomerId is "." or ".." || mailbox.CustomerId.AsSpan().ContainsAny('/', '\\'))
        {
            // In an address it would be a step to another one.
            return Refused("the customer's id cannot stand in an address of Cube's");
        }

        var resolved = new Dictionary<string, string>(StringComparer.Ordinal);
        var origins = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (field, json) in fields)
        {
            if (!field.StartsWith(CubeFields.CustomPrefix, StringComparison.Ordinal))
            {
                resolved[field] = json;
            }
            else if (await labels.FindAsync(mailbox.AssignmentId, field[CubeFields.CustomPrefix.Length..], cancellationToken) is { } name)
            {
                resolved[name] = json;
                origins[name] = field;
            }
            else
            {
                var reason = $"the assignment has no custom field '{CubeFields.Shown(field[CubeFields.CustomPrefix.Length..])}'";
                return new WriteOutcome.Refused(reason, new Dictionary<string, string> { [field] = reason });
            }
        }

        var outcome = await FindAndWriteAsync(mailbox, resolved, save, cancellationToken);
        return outcome is WriteOutcome.Refused refused
            ? refused with { Fields = refused.Fields.ToDictionary(field => origins.GetValueOrDefault(field.Key, field.Key), field => field.Value) }
            : outcome;
    }

    private async Task<WriteOutcome> FindAndWriteAsync(MailboxRow mailbox, Dictionary<string, string> resolved, Func<Task> save, CancellationToken cancellationToken)
    {
        var content = mailbox.Content;
        if (content.CubeId is null)
        {
            var found = await index.FindAsync(mailbox.AssignmentId, mailbox.CustomerId, cancellationToken);
            if (!found.Snapshot)
            {
                return new WriteOutcome.Waits("waits for the first proven snapshot of the assignment's customers");
            }

            if (found.Matches == 0 && settings.CustomerIdInUrl == CustomerIdInUrl.Internal && (content.PostedAt ?? await ErasedAtAsync(mailbox, cancellationToken)) is { } since)
            {
                found = await search.FindAsync(mailbox.AssignmentId, mailbox.CustomerId, since, cancellationToken);
            }

            if (found.Matches > 1)
            {
                return Refused("more than one customer in Cube has this imported id");
            }

            if (found.Matches == 0 && !(settings.CustomerIdInUrl == CustomerIdInUrl.Imported && await VerifyIdentityAsync(mailbox, mailbox.CustomerId, cancellationToken)))
            {
                return await PostAsync(mailbox, resolved, save, cancellationToken);
            }

            var id = settings.CustomerIdInUrl == CustomerIdInUrl.Imported ? mailbox.CustomerId : found.InternalId.ToString(CultureInfo.InvariantCulture);
            if (found.Matches == 1 && !await VerifyIdentityAsync(mailbox, id, cancellationToken))
            {
                // The snapshot is older than Cube. The next one knows better.
                throw new CubeException(CubeFailureKind.Transient, "the customer is not in Cube any more where the newest snapshot has him");
            }

            content.CubeId = id;
        }

        return await PutAsync(mailbox, resolved, cancellationToken);
    }

    /// <summary>The index no longer has a person who was erased, though Cube may have him still.</summary>
    private async Task<DateTimeOffset?> ErasedAtAsync(MailboxRow mailbox, CancellationToken cancellationToken) =>
        await erased.ErasedBeforeAsync(new Person(mailbox.AssignmentId, mailbox.CustomerId), cancellationToken) is null ? null : time.GetUtcNow() - SearchedFor;

    private async Task<WriteOutcome> PutAsync(MailboxRow mailbox, Dictionary<string, string> fields, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await SendWriteAsync(HttpMethod.Put, mailbox, mailbox.Content.CubeId!, Body(mailbox, fields), cancellationToken);
            mailbox.Content.PostedAt = null;
            return new WriteOutcome.Written(fields);
        }
        catch (CubeException exception) when (exception.Kind == CubeFailureKind.NotAvailable)
        {
            return new WriteOutcome.NotAvailable(exception.Message);
        }
        catch (CubeException exception) when (exception.Kind == CubeFailureKind.NotFound)
        {
            // Gone, or a tenant that answers 404 to all writes: reading tells.
            if (await VerifyIdentityAsync(mailbox, mailbox.Content.CubeId!, cancellationToken))
            {
                return new WriteOutcome.NotAvailable(exception.Message);
            }

            mailbox.Content.CubeId = null;
            throw new CubeException(CubeFailureKind.Transient, "the customer is not in Cube any more", exception);
        }
        catch (CubeException exception) when (exception.Kind == CubeFailureKind.Rejected)
        {
            return Refused(exception);
        }
    }

    private async Task<WriteOutcome> PostAsync(MailboxRow mailbox, Dictionary<string, string> fields, Func<Task> save, CancellationToken cancellationToken)
    {
        // Noted before it is sent: whoever finds this note later looks him up before another POST.
        mailbox.Content.PostedAt = time.GetUtcNow();
        await save();
        try
        {
            using var answer = await SendWriteAsync(HttpMethod.Post, mailbox, mailbox.CustomerId, Body(mailbox, fields), cancellationToken);
            if (CustomerIds.Find(answer.Bytes.Span, CustomerIds.Imported) == mailbox.CustomerId)
            {
                mailbox.Content.CubeId = settings.CustomerIdInUrl == CustomerIdInUrl.Imported ? mailbox.CustomerId : CustomerIds.Find(answer.Bytes.Span, CustomerIds.Internal);
            }

            mailbox.Content.PostedAt = mailbox.Content.CubeId is null ? mailbox.Content.PostedAt : null;
            return new WriteOutcome.Written(WithAnswer(fields, answer.Bytes));
        }
        catch (CubeException exception) when (exception.Kind is CubeFailureKind.NotAvailable or CubeFailureKind.NotFound)
        {
            mailbox.Content.PostedAt = null;
            return new WriteOutcome.NotAvailable(exception.Message, MayBeOne: exception.Kind == CubeFailureKind.NotFound);
        }
        catch (CubeException exception) when (exception.Kind == CubeFailureKind.Rejected)
        {
            // Created by somebody else since the snapshot, most likely: then there is a record to write to.
            var found = settings.CustomerIdInUrl == CustomerIdInUrl.Internal
                ? await search.FindAsync(mailbox.AssignmentId, mailbox.CustomerId, mailbox.Content.PostedAt ?? time.GetUtcNow(), cancellationToken)
                : default;
            if (found is not { Matches: 1 })
            {
                mailbox.Content.PostedAt = null;
                return Refused(exception);
            }

            var id = found.InternalId.ToString(CultureInfo.InvariantCulture);
            if (!await VerifyIdentityAsync(mailbox, id, cancellationToken))
            {
                return Refused(exception);
            }

            mailbox.Content.CubeId = id;
            return await PutAsync(mailbox, fields, cancellationToken);
        }
    }

    /// <summary>What was sent, and what Cube made of it: defaults that a new record was given are no news to the CRM that had it created.</summary>
    private static Dictionary<string, string> WithAnswer(Dictionary<string, string> fields, ReadOnlyMemory<byte> answer)
    {
        // A record that is larger would fill the mailbox.
        const int LargestAnswer = 64 * 1024;
        var all = new Dictionary<string, string>(fields, StringComparer.Ordinal);
        using var document = JsonDocument.Parse(answer);
        if (answer.Length <= LargestAnswer && document.RootElement.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in document.RootElement.EnumerateObject())
            {
                all[member.Name] = member.Value.GetRawText();
            }
        }

        return all;
    }

    /// <summary>Reads the record and compares its imported id as text: never the wrong person.</summary>
    private async Task<bool> VerifyIdentityAsync(MailboxRow mailbox, string id, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await SendAsync(HttpMethod.Get, mailbox, id, null, cancellationToken);
            return CustomerIds.Find(answer.Bytes.Span, CustomerIds.Imported) == mailbox.CustomerId;
        }
        catch (CubeException exception) when (exception.Kind == CubeFailureKind.NotFound)
        {
            return false;
        }
    }

    /// <summary>Sends a write, and sends it again at once where that is cheaper than putting all the mail off and safe: nothing of it is under way any more.</summary>
    private async Task<PooledBody> SendWriteAsync(HttpMethod method, MailboxRow mailbox, string id, byte[] body, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await SendAsync(method, mailbox, id, body, cancellationToken);
            }
            catch (CubeException exception) when (attempt < MostAttempts && MayRepeat(method, exception))
            {
                await Task.Delay(RepeatAfter * attempt * (0.5 + Random.Shared.NextDouble()), time, cancellationToken);
            }
        }
    }

    /// <summary>A 429 is a refusal at the door. A 503 may come after the work: harmless for a PUT, but a POST could make a second customer.</summary>
    private static bool MayRepeat(HttpMethod method, CubeException exception) =>
        !(exception.RetryAfter > TenantPause.LongestWait)
        && (exception.Status == HttpStatusCode.TooManyRequests || (exception.Status == HttpStatusCode.ServiceUnavailable && method == HttpMethod.Put));

    private async Task<PooledBody> SendAsync(HttpMethod method, MailboxRow mailbox, string id, ReadOnlyMemory<byte>? body, CancellationToken cancellationToken)
    {
        try
        {
            return await _breaker.ExecuteAsync(async token => await cube.SendCustomerAsync(method, mailbox.AssignmentId, id, body, token), cancellationToken);
        }
        catch (BrokenCircuitException exception)
        {
            throw new CubeException(CubeFailureKind.Transient, "Cube fails so often that it is left alone for a moment", exception) { RetryAfter = BreakFor };
        }
    }

    /// <summary>The body of a write: the fields to change, and both ids, which Cube requires.</summary>
    private static byte[] Body(MailboxRow mailbox, Dictionary<string, string> fields)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (long.TryParse(mailbox.AssignmentId, NumberStyles.None, CultureInfo.InvariantCulture, out var assignment))
            {
                json.WriteNumber(CubeFields.AssignmentId, assignment);
            }
            else
            {
                json.WriteString(CubeFields.AssignmentId, mailbox.AssignmentId);
            }

            json.WriteString(CubeFields.CustomerId, mailbox.CustomerId);
            foreach (var (field, value) in fields)
            {
                json.WritePropertyName(field);
                json.WriteRawValue(value);
            }

            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static WriteOutcome.Refused Refused(string reason) => new(reason, new Dictionary<string, string>());

    /// <summary>Cube's own words, a field at a time where it names fields.</summary>
    private static WriteOutcome.Refused Refused(CubeException exception)
    {
        const int MostCharacters = 500;
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var document = JsonDocument.Parse(exception.Detail ?? "");
            foreach (var member in document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.EnumerateObject() : default)
            {
                var words = member.Value.ValueKind == JsonValueKind.Array ? string.Join(' ', member.Value.EnumerateArray().Select(word => word.ToString())) : member.Value.ToString();
                fields[member.Name] = words.Length > MostCharacters ? words[..MostCharacters] : words;
            }
        }
        catch (JsonException)
        {
            // No JSON: the status has to do.
        }

        return new WriteOutcome.Refused($"{exception.Message}: {string.Join("; ", fields.Select(field => $"{field.Key}: {field.Value}"))}", fields);
    }
}
