using System.Text.Json;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Changes;

/// <summary>The customers and labels that one item's change lines take in. Read when the first line asks for them.</summary>
internal sealed class ChangeContext(CustomerLookup lookup, ChangeSettings settings, Feed feed, Scope? assignment)
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();
    private static readonly Dictionary<string, ReadOnlyMemory<byte>> NoCustomers = [];
    private readonly EarlierRecords _records = lookup.Records();
    private ScopeState? _customers;
    private IReadOnlyDictionary<string, string>? _labels;

    /// <summary>Records of customers by the id that a response (imported id) or SMS (internal id) gives. Those that no snapshot has are left out.</summary>
    public async Task<Dictionary<string, ReadOnlyMemory<byte>>> CustomersAsync(HashSet<string> ids, CancellationToken cancellationToken)
    {
        if (!settings.JoinCustomer || !feed.Dated || assignment is not { } scope)
        {
            return NoCustomers;
        }

        _customers ??= await lookup.CustomersAsync(scope, cancellationToken);
        ids.Remove("");
        var byAlias = ids.Select(CustomerIds.HashOf).ToHashSet();
        var byKey = ids.Select(id => KeyHash.Of([id])).ToHashSet();
        var found = new Dictionary<string, ReadOnlyMemory<byte>>();
        var indexes = Enumerable.Range(0, _customers.Entries.Length)
            .Where(i => byAlias.Contains(_customers.Entries[i].Alias) || byKey.Contains(_customers.Entries[i].Key)).ToList();
        await _records.ReadAsync(_customers, indexes, (_, record, _) =>
        {
            // Which of the two ids counts is the feed's: an internal id may equal somebody else's imported one.
            var members = feed.Name == FeedCatalogue.Responses.Name ? CustomerIds.Imported : CustomerIds.InternalFirst;
            if (CustomerIds.Find(record.Span, members) is { } id && ids.Contains(id))
            {
                found[id] = record.ToArray();
            }
        }, cancellationToken);
        return found;
    }

    /// <summary>Labels by the name of the field.</summary>
    public async Task<IReadOnlyDictionary<string, string>> LabelsAsync(CancellationToken cancellationToken) =>
        !settings.LabelCustomFields || assignment is not { } scope ? NoLabels : _labels ??= await ReadLabelsAsync(scope, cancellationToken);

    /// <summary>The labels of those fields that a record has.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>>? LabelsOf(ReadOnlySpan<byte> record, IReadOnlyDictionary<string, string> labels)
    {
        if (labels.Count == 0)
        {
            return null;
        }

        var found = new List<KeyValuePair<string, string>>();
        var reader = new Utf8JsonReader(record);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.GetString() is { } name && labels.TryGetValue(name, out var label))
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
