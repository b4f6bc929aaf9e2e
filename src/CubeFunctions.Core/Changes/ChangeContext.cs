using System.Collections.Concurrent;
using System.Text.Json;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Changes;

/// <summary>The customers and labels that one feed's change lines take in. Read when the first line asks for them.</summary>
internal sealed class ChangeContext(CustomerLookup lookup, CustomerReader reader, ChangeSettings settings, Feed feed, string? assignment)
{
    /// <summary>Customers asked for one by one, an item: the newest snapshot has to do for the rest.</summary>
    private const int MaxRead = 500;

    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();

    private readonly EarlierRecords _records = lookup.Records();
    private CustomerPlace? _place;
    private ScopeState? _customers;
    private IReadOnlyDictionary<string, string>? _labels;
    private int _read;

    private bool Joins => settings.JoinCustomer && feed.Dated && assignment is not null;

    /// <summary>Gives what stands beside records, in their order.</summary>
    /// <param name="subjects">The records.</param>
    /// <param name="newerThan">A customer who was last read before is read again; null where the newest snapshot does.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<LineExtras[]> DescribeAsync(
        IReadOnlyList<LineSubject> subjects,
        DateTimeOffset? newerThan,
        CancellationToken cancellationToken
    )
    {
        var names = subjects.Select(subject => CustomerName.Of(feed, subject)).ToList();
        var joined = names.Where((name, i) => Joins && subjects[i].IsJoined && !name.IsEmpty).ToHashSet();
        var unnamed = names.Where((name, i) => subjects[i].ImportedId is null && !name.IsEmpty && !feed.ListsCustomers);
        var known = await FindKnownAsync([.. joined, .. unnamed], cancellationToken);
        if (newerThan is { } after)
        {
            await ReadNewerAsync(known, joined, after, cancellationToken);
        }

        var labels =
            settings.LabelCustomFields && assignment is not null
                ? _labels ??= await ReadLabelsAsync(await PlaceAsync(cancellationToken), cancellationToken)
                : NoLabels;
        return
        [
            .. subjects.Select(
                (subject, i) =>
                {
                    var customer = known.GetValueOrDefault(names[i]);
                    return new LineExtras(
                        subject.ImportedId ?? customer?.ImportedId,
                        joined.Contains(names[i]) && subject.IsJoined ? customer : null,
                        LabelsOf(subject.Record.Span, labels)
                    );
                }
            ),
        ];
    }

    private async ValueTask<CustomerPlace> PlaceAsync(CancellationToken cancellationToken) =>
        _place ??= await lookup.PlaceOfAsync(feed, assignment!, cancellationToken);

    /// <summary>Customers of the newest proven snapshot. Those that no snapshot has are left out.</summary>
    private async Task<ConcurrentDictionary<CustomerName, KnownCustomer>> FindKnownAsync(
        HashSet<CustomerName> names,
        CancellationToken cancellationToken
    )
    {
        var found = new ConcurrentDictionary<CustomerName, KnownCustomer>();
        if (assignment is null || names.Count == 0)
        {
            return found;
        }

        var customers = _customers ??= await lookup.CustomersAsync(await PlaceAsync(cancellationToken), cancellationToken);
        var byImported = names.Where(name => name.Imported is not null).ToLookup(name => name.Imported!);
        var byInternal = names.Where(name => name.Internal is not null).ToLookup(name => name.Internal!);
        var aliases = byImported.Select(group => CustomerIds.HashOf(group.Key)).ToHashSet();
        var keys = byInternal.Select(group => KeyHash.Of([group.Key])).ToHashSet();
        var indexes = Enumerable
            .Range(0, customers.Entries.Length)
            .Where(i => aliases.Contains(customers.Entries[i].Alias) || keys.Contains(customers.Entries[i].Key))
            .ToList();
        await _records.ReadAsync(
            customers,
            indexes,
            (index, record) =>
            {
                var (imported, own) = (
                    CustomerIds.Find(record.Span, CustomerIds.Imported),
                    CustomerIds.Find(record.Span, CustomerIds.Internal)
                );
                foreach (var name in (imported is null ? [] : byImported[imported]).Concat(own is null ? [] : byInternal[own]))
                {
                    if (name.IsOf(imported, own))
                    {
                        found[name] = new KnownCustomer(record.ToArray(), imported, customers.Sources[customers.Entries[index].Source].At);
                    }
                }
            },
            cancellationToken
        );
        return found;
    }

    /// <summary>
    /// Reads customers again whose snapshot is older than the record beside them: that one may have been noted with what is new of the
    /// customer.
    /// </summary>
    private async Task ReadNewerAsync(
        ConcurrentDictionary<CustomerName, KnownCustomer> known,
        HashSet<CustomerName> names,
        DateTimeOffset after,
        CancellationToken cancellationToken
    )
    {
        var asked = names.Where(name => !(known.GetValueOrDefault(name)?.ReadAt > after)).Take(MaxRead - _read).ToList();
        if (asked.Count == 0)
        {
            return;
        }

        _read += asked.Count;
        var members = await reader.AddressMembersAsync(cancellationToken);
        var scope = (await PlaceAsync(cancellationToken)).Scope;
        await Parallel.ForEachAsync(
            asked,
            new ParallelOptions { MaxDegreeOfParallelism = reader.Parallel, CancellationToken = cancellationToken },
            async (name, token) =>
            {
                var address =
                    known.TryGetValue(name, out var older) ? CustomerIds.Find(older.Record.Span, members)
                    : members == CustomerIds.Imported ? name.Imported
                    : name.Internal;
                if (address is null)
                {
                    return;
                }

                try
                {
                    var customer = await reader.ReadAsync(scope, address, token);
                    if (name.IsOf(customer.ImportedId, CustomerIds.Find(customer.Record.Span, CustomerIds.Internal)))
                    {
                        known[name] = customer;
                    }
                }
                catch (CubeException exception) when (exception.Kind == CubeFailureKind.NotFound)
                {
                    // Gone since the snapshot: the record stands alone, though its customer is still named.
                    if (older is not null)
                    {
                        known[name] = older with { Record = default };
                    }
                }
                catch (CubeException)
                {
                    // Refused, or out of order: the snapshot has to do.
                }
            }
        );
        foreach (var (name, customer) in known)
        {
            if (customer.Record.IsEmpty)
            {
                names.Remove(name);
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

    private async Task<IReadOnlyDictionary<string, string>> ReadLabelsAsync(CustomerPlace place, CancellationToken cancellationToken)
    {
        using var page = await lookup.FindCustomFieldsAsync(place, cancellationToken);
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
