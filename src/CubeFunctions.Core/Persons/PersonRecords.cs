using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Persons;

/// <summary>Decides which records of one scope and feed are the person's. Safe to use from several tasks.</summary>
internal sealed class PersonRecords
{
    private readonly Person _person;
    private readonly bool _importedCounts;
    private readonly PersonMembers _members;
    private readonly string[][] _parts;
    private readonly HashSet<string> _customers = new(StringComparer.Ordinal);
    private readonly HashSet<string> _othersCustomers = new(StringComparer.Ordinal);
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private readonly HashSet<string> _othersKeys = new(StringComparer.Ordinal);
    private readonly HashSet<string> _learned = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <param name="person">The person, as known now.</param>
    /// <param name="feed">The feed.</param>
    /// <param name="importedCounts">False where the scope's assignment is not known: another assignment's customer may have the same
    /// imported id.</param>
    public PersonRecords(Person person, Feed feed, bool importedCounts)
    {
        (_person, _importedCounts, _members) = (person, importedCounts, PersonMembers.Of(feed));
        _parts = [.. feed.Key.Parts.Select(part => part.ToArray())];
        Search = new IdSearch([person.Imported, .. person.Internal]);
    }

    /// <summary>Looks whether bytes may name the person at all.</summary>
    public IdSearch Search { get; }

    /// <summary>Internal ids that records of the imported id have and that were not known.</summary>
    public IReadOnlyCollection<string> Learned => _learned;

    /// <summary>Keys of the person's records that no other record has: their parts, a zero character between them.</summary>
    public IEnumerable<string> Keys => _keys.Except(_othersKeys);

    /// <summary>Records of an internal id of the person with another imported one: left as they are.</summary>
    public int LeftAlone { get; private set; }

    /// <summary>Records of somebody else whose internal id is the imported id that was given.</summary>
    public int OtherKindOfId { get; private set; }

    /// <summary>Whether a record is the person's.</summary>
    public bool Matches(ReadOnlySpan<byte> record)
    {
        var (imported, own) = _members.Read(record);
        var matches = _person.Is(imported, own, _importedCounts);
        var parts = new string?[_parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = CustomerIds.Find(record, _parts[i]);
        }

        lock (_gate)
        {
            if (matches && own is not null && !_person.Internal.Contains(own))
            {
                _learned.Add(own);
            }

            LeftAlone += !matches && own is not null && _person.Internal.Contains(own) ? 1 : 0;
            OtherKindOfId += !matches && own == _person.Imported ? 1 : 0;
            (matches ? _keys : _othersKeys).Add(string.Join('\0', parts));
            if (parts[0] is { } customer)
            {
                (matches ? _customers : _othersCustomers).Add(customer);
            }
        }

        return matches;
    }

    /// <summary>
    /// Whether a key without a record beside it begins with an id of the person. What records of the same key showed counts first.
    /// </summary>
    public bool MatchesKey(string customer)
    {
        lock (_gate)
        {
            if (_othersCustomers.Contains(customer))
            {
                return false;
            }

            return _customers.Contains(customer)
                || (
                    _members.Internal.Length > 0 && _person.Internal.Count > 0
                        ? _person.Internal.Contains(customer)
                        : _importedCounts && customer == _person.Imported
                );
        }
    }

    /// <summary>Whether an imported id that stands by itself is the person's.</summary>
    public bool MatchesImported(string? imported) => _importedCounts && imported == _person.Imported;

    /// <summary>The same question for the customer's record beside a response or SMS.</summary>
    public PersonRecords OfCustomers() => new(_person, FeedCatalogue.Customers, _importedCounts);
}
