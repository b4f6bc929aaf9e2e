using System.Collections.Concurrent;
using System.Text.Json;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Changes;

/// <summary>The customers and labels that one feed's change lines take in. Read when the first line asks for them.</summary>
internal sealed class ChangeContext(CustomerLookup lookup, CustomerReader reader, ChangeSettings settings, Feed feed, Scope? assignment)
{
    /// <summary>Customers asked for one by one, an item: the newest snapshot has to do for the rest.</summary>
    private const int MaxRead = 500;

    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();

    /// <summary>Which of the two ids the feed's key holds: an internal id may equal somebody else's imported one.</summary>
    private readonly string[] _ids = feed.Name == FeedCatalogue.Responses.Name ? CustomerIds.Imported : CustomerIds.InternalFirst;
    private readonly EarlierRecords _records = lookup.Records();
    private ScopeState? _customers;
    private IReadOnlyDictionary<string, string>? _labels;
    private int _read;

    private bool Joins => settings.JoinCustomer && feed.Dated && assignment is not null;

    /// <summary>Gives what stands beside records, in their order.</summary>
    /// <param name="subjects">The records.</param>
    /// <param name="newerThan">A customer who was last read before is read again; null where the newest snapshot does.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<LineExtras[]> DescribeAsync(IReadOnlyList<LineSubject> subjects, DateTimeOffset? newerThan, CancellationToken cancellationToken)
    {
        var joined = subjects.Where(subject => Joins && subject.IsJoined).Select(subject => subject.CustomerKey).ToHashSet(StringComparer.Ordinal);
        var unnamed = subjects.Where(subject => subject.ImportedId is null && _ids != CustomerIds.Imported && feed != FeedCatalogue.Customers).Select(subject => subject.CustomerKey);
        var known = await FindKnownAsync([.. joined, .. unnamed], cancellationToken);
        if (newerThan is { } after)
        {
            joined.Remove("");
            await ReadNewerAsync(known, joined, after, cancellationToken);
        }

        var labels = settings.LabelCustomFields && assignment is { } scope ? _labels ??= await ReadLabelsAsync(scope, cancellationToken) : NoLabels;
        return
        [
            .. subjects.Select(subject =>
            {
                var customer = known.GetValueOrDefault(subject.CustomerKey);
                return new LineExtras(subject.ImportedId ?? customer?.ImportedId, joined.Contains(subject.CustomerKey) && subject.IsJoined ? customer : null, LabelsOf(subject.Record.Span, labels));
            }),
        ];
    }

    /// <summary>Customers of the newest proven snapshot, by the id that the feed's key holds. Those that no snapshot has are left out.</summary>
    private async Task<ConcurrentDictionary<string, KnownCustomer>> FindKnownAsync(HashSet<string> ids, CancellationToken cancellationToken)
    {
        var found = new ConcurrentDictionary<string, KnownCustomer>(StringComparer.Ordinal);
        ids.Remove("");
        if (assignment is not { } scope || ids.Count == 0)
        {
            return found;
        }

        var customers = _customers ??= await lookup.CustomersAsync(scope, cancellationToken);
        var byAlias = ids.Select(CustomerIds.HashOf).ToHashSet();
        var byKey = ids.Select(id => KeyHash.Of([id])).ToHashSet();
        var indexes = Enumerable.Range(0, customers.Entries.Length)
            .Where(i => byAlias.Contains(customers.Entries[i].Alias) || byKey.Contains(customers.Entries[i].Key)).ToList();
        await _records.ReadAsync(customers, indexes, (index, record) =>
        {
            if (CustomerIds.Find(record.Span, _ids) is { } id && ids.Contains(id))
            {
                found[id] = new KnownCustomer(record.ToArray(), CustomerIds.Find(record.Span, CustomerIds.Imported), customers.Sources[customers.Entries[index].Source].At);
            }
        }, cancellationToken);
        return found;
    }

    /// <summary>Reads customers again whose snapshot is older than the record beside them: that one may have been noted with what is new of the customer.</summary>
    private async Task ReadNewerAsync(ConcurrentDictionary<string, KnownCustomer> known, HashSet<string> ids, DateTimeOffset after, CancellationToken cancellationToken)
    {
        var asked = ids.Where(id => !(known.GetValueOrDefault(id)?.ReadAt > after)).Take(MaxRead - _read).ToList();
        _read += asked.Count;
        await Parallel.ForEachAsync(asked, new ParallelOptions { MaxDegreeOfParallelism = reader.Parallel, CancellationToken = cancellationToken }, async (id, token) =>
        {
            var address = known.TryGetValue(id, out var older) ? reader.IdOf(older.Record.Span) : reader.TakesImportedId == (_ids == CustomerIds.Imported) ? id : null;
            if (address is null)
            {
                return;
            }

            try
            {
                var customer = await reader.ReadAsync(assignment!.Value, address, token);
                if (CustomerIds.Find(customer.Record.Span, _ids) == id)
                {
                    known[id] = customer;
                }
            }
            catch (CubeException exception) when (exception.Kind == CubeFailureKind.NotFound)
            {
                // Gone since the snapshot: the record stands alone, though its customer is still named.
                if (older is not null)
                {
                    known[id] = older with { Record = default };
                }
            }
            catch (CubeException)
            {
                // Refused, or out of order: the snapshot has to do.
            }
        });
        foreach (var (id, customer) in known)
        {
            if (customer.Record.IsEmpty)
            {
                ids.Remove(id);
            }
        }
    }

    /// <summary>The labels of those fields that a record has.</summary>
    private static List<KeyValuePair<string, string>>? LabelsOf(ReadOnlySpan<byte> record, IReadOnlyDictionary<string, string> labels)
    {
        if (labels.Count == 0 || record.IsEmpty)
        {
            return null;
        }

        var found = new List<KeyValuePair<string, string>>();
        var reader = new Utf8JsonReader(record);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = JsonEscapes.ToText(reader.ValueSpan, reader.ValueIsEscaped);
            if (labels.TryGetValue(name, out var label))
            {
                found.Add(new(name, label));
            }

            reader.Skip();
        }

        return found;
    }

    private async Task<IReadOnlyDictionary<string, string>> ReadLabelsAsync(Scope scope, CancellationToken cancellationToken)
    {
        using var page = await lookup.FindCustomFieldsAsync(scope, cancellationToken);
        if (page is null)
        {
            return NoLabels;
        }

        var labels = new Dictionary<string, string>();
        foreach (var field in CustomField.ReadAll(page.Bytes))
        {
            if (field.Name is { } name)
            {
                labels[name] = field.Label;
            }
        }

        return labels;
    }
}
