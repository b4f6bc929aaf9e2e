using CubeFunctions.Core.Model;





namespace CubeFunctions.Core.Persons;

/// <summary>Tells which records of one scope and feed are the person's. Safe to use from several tasks.</summary>
internal sealed class PersonRecords
{
    private readonly Person _person;
    private readonly Feed _feed;
    private readonly bool _importedCounts;
    private readonly PersonMembers _members;
    private readonly string[] _keyMembers;
    private readonly HashSet<string> _hisKeys = new(StringComparer.Ordinal);
    private readonly HashSet<string> _othersKeys = new(StringComparer.Ordinal);
    private readonly HashSet<string> _learned = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <param name="person">The person, as known now.</param>
    /// <param name="feed">The feed.</param>
    /// <param name="importedCounts">False where the scope's assignment is not known: another assignment's customer may have the same imported id.</param>
    public PersonRecords(Person person, Feed feed, bool importedCounts)
    {
        (_person, _feed, _importedCounts, _members, _keyMembers) = (person, feed, importedCounts, PersonMembers.Of(feed), [.. feed.Key.Parts[0]]);
        Search = new IdSearch([person.Imported, .. person.Internal]);
    }

    /// <summary>Looks whether bytes may name the person at all.</summary>
    public IdSearch Search { get; }

    /// <summary>Internal ids that records of the imported id have and that were not known.</summary>
    public IReadOnlyCollection<string> Learned => _learned;

    /// <summary>Records of his internal id with another imported one: left as they are.</summary>
    public int LeftAlone { get; private set; }

    /// <summary>Whether a record is his.</summary>
    public bool Matches(ReadOnlySpan<byte> record)
    {
        var (imported, own) = _members.Read(record);
        var his = _person.Is(imported, own, _importedCounts);
        var key = CustomerIds.Find(record, _keyMembers);
        lock (_gate)
        {
            if (his && own is not null && !_person.Internal.Contains(own))
            {
                _learned.Add(own);
            }

            LeftAlone += !his && own is not null && _person.Internal.Contains(own) ? 1 : 0;
            if (key is not null)
            {
                (his ? _hisKeys : _othersKeys).Add(key);
            }
        }

        return his;
    }

    /// <summary>Whether a key that no record stands beside begins with his id. What records of the same key showed counts first.</summary>
    public bool MatchesKey(string customer)
    {
        lock (_gate)
        {
            if (_othersKeys.Contains(customer))
            {
                return false;
            }

            return _hisKeys.Contains(customer)
                || (_members.Internal.Length > 0 && _person.Internal.Count > 0 ? _person.Internal.Contains(customer) : _importedCounts && customer == _person.Imported);
        }
    }

    /// <summary>The same question for the customer's record beside a response or SMS.</summary>
    public PersonRecords OfCustomers() => new(_person, FeedCatalogue.Customers, _importedCounts);

    /// <inheritdoc />
    public override string ToString() => _feed.Name;
}
