using System.Globalization;
using System.Text.Json;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Senders;

namespace CubeFunctions.Core.Upserts;

/// <summary>Writes fields to the record that <see cref="CustomerResolver"/> found, or has Cube make one.</summary>
public sealed class CustomerWriter(
    CustomerRecords records,
    CustomerResolver resolver,
    CustomFieldLabels labels,
    TenantGeneration generation,
    TimeProvider time
)
{
    private static readonly IReadOnlyDictionary<string, string> NoneNamed = new Dictionary<string, string>();

    /// <summary>Brings fields into Cube.</summary>
    /// <param name="mailbox">The customer. What is found out is noted in it.</param>
    /// <param name="target">The customer's record, or none yet.</param>
    /// <param name="fields">JSON scalars by Cube's fields, or by <c>custom:{label}</c>.</param>
    /// <param name="save">Stores the mailbox before something that must not be lost.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="CubeException">Cube failed in a way that may pass.</exception>
    internal async Task<WriteOutcome> WriteAsync(
        MailboxRow mailbox,
        CustomerTarget target,
        IReadOnlyDictionary<string, string> fields,
        Func<Task> save,
        CancellationToken cancellationToken
    )
    {
        var named = new Dictionary<string, string>(StringComparer.Ordinal);
        var origins = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (field, json) in fields)
        {
            var label = field.StartsWith(CubeFields.CustomPrefix, StringComparison.Ordinal)
                ? field[CubeFields.CustomPrefix.Length..]
                : null;
            if ((label is null ? field : await labels.FindAsync(mailbox.AssignmentId, label, cancellationToken)) is not { } name)
            {
                var reason = $"the assignment has no custom field '{CubeFields.Shown(label!)}'";
                return new WriteOutcome.Refused(reason, new Dictionary<string, string> { [field] = reason });
            }

            named[name] = json;
            origins[name] = field;
        }

        var outcome = target is CustomerTarget.Record record
            ? await PutAsync(mailbox, record, named, cancellationToken)
            : await PostAsync(mailbox, named, save, cancellationToken);
        return outcome is WriteOutcome.Refused refused
            ? refused with
            {
                Fields = refused.Fields.ToDictionary(field => origins.GetValueOrDefault(field.Key, field.Key), field => field.Value),
            }
            : outcome;
    }

    private async Task<WriteOutcome> PutAsync(
        MailboxRow mailbox,
        CustomerTarget.Record record,
        Dictionary<string, string> fields,
        CancellationToken cancellationToken
    )
    {
        try
        {
            using var answer = await records.WriteAsync(HttpMethod.Put, mailbox, record.Id, Body(mailbox, fields), cancellationToken);
            mailbox.Content.PostedAt = null;
            return new WriteOutcome.Written(fields);
        }
        catch (CubeException exception) when (exception.Kind == CubeFailureKind.NotAvailable)
        {
            return new WriteOutcome.NotAvailable(exception.Message);
        }
        catch (CubeException exception) when (exception.Kind == CubeFailureKind.NotFound)
        {
            // Gone, or a tenant that answers 404 to writes: a read decides.
            if (await records.IdentifyAsync(mailbox, record.Id, cancellationToken) == RecordIdentity.Same)
            {
                return new WriteOutcome.NotAvailable(exception.Message);
            }

            throw new CubeException(CubeFailureKind.Transient, "the customer is not in Cube any more", exception);
        }
        catch (CubeException exception) when (exception.Kind == CubeFailureKind.Rejected)
        {
            return Refused(exception);
        }
    }

    private async Task<WriteOutcome> PostAsync(
        MailboxRow mailbox,
        Dictionary<string, string> fields,
        Func<Task> save,
        CancellationToken cancellationToken
    )
    {
        // Noted before it is sent: a later worker that finds this note looks the customer up before another POST.
        mailbox.Content.PostedAt = time.GetUtcNow();
        await save();
        try
        {
            using var answer = await records.WriteAsync(
                HttpMethod.Post,
                mailbox,
                mailbox.CustomerId,
                Body(mailbox, fields),
                cancellationToken
            );
            if (CustomerIds.Find(answer.Bytes.Span, CustomerIds.Imported) == mailbox.CustomerId)
            {
                mailbox.Content.CubeId = await generation.TakesImportedIdAsync(cancellationToken)
                    ? mailbox.CustomerId
                    : CustomerIds.Find(answer.Bytes.Span, CustomerIds.Internal);
            }

            mailbox.Content.PostedAt = mailbox.Content.CubeId is null ? mailbox.Content.PostedAt : null;
            return new WriteOutcome.Written(WithAnswer(fields, answer.Bytes));
        }
        catch (CubeException exception) when (exception.Kind is CubeFailureKind.NotAvailable or CubeFailureKind.NotFound)
        {
            mailbox.Content.PostedAt = null;
            return new WriteOutcome.NotAvailable(exception.Message);
        }
        catch (CubeException exception) when (exception.Kind == CubeFailureKind.Rejected)
        {
            // Created by another client since the snapshot, most likely: then there is a record to write to.
            var target = !await generation.TakesImportedIdAsync(cancellationToken)
                ? await resolver.SearchAsync(mailbox, mailbox.Content.PostedAt ?? time.GetUtcNow(), cancellationToken)
                : new CustomerTarget.Missing();
            mailbox.Content.PostedAt = null;
            return target is CustomerTarget.Record record ? await PutAsync(mailbox, record, fields, cancellationToken) : Refused(exception);
        }
    }

    /// <summary>
    /// What was sent, and what Cube made of it: defaults that a new record was given are no news to the CRM that had it created.
    /// </summary>
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

    /// <summary>The body of a write: the fields to change, and both ids, which Cube requires.</summary>
    private static byte[] Body(MailboxRow mailbox, Dictionary<string, string> fields)
    {
        using var stream = new MemoryStream();
        using (
            var json = new Utf8JsonWriter(
                stream,
                new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
            )
        )
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

    /// <summary>Cube's own words, a field at a time where it names fields.</summary>
    private static WriteOutcome.Refused Refused(CubeException exception)
    {
        const int MaxCharacters = 500;
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var document = JsonDocument.Parse(exception.Detail ?? "");
            foreach (
                var member in document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.EnumerateObject() : default
            )
            {
                var words =
                    member.Value.ValueKind == JsonValueKind.Array
                        ? string.Join(' ', member.Value.EnumerateArray().Select(word => word.ToString()))
                        : member.Value.ToString();
                fields[member.Name] = words.Length > MaxCharacters ? words[..MaxCharacters] : words;
            }
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            // No JSON, or text that is no Unicode: the status has to do.
        }

        return fields.Count == 0
            ? new WriteOutcome.Refused(exception.Message, NoneNamed)
            : new WriteOutcome.Refused(
                $"{exception.Message}: {string.Join("; ", fields.Select(field => $"{field.Key}: {field.Value}"))}",
                fields.ToDictionary(field => field.Key, field => $"{exception.Message}: {field.Key}: {field.Value}")
            );
    }
}
