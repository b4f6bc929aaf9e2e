using System.Collections.Concurrent;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Persons;

/// <summary>The records of one scope and feed that belong to somebody who was erased. Safe to use from several tasks.</summary>
/// <remarks>Where the scope's assignment is not known, only the internal id is compared.</remarks>
internal sealed class ErasedFilter(
    Pseudonyms pseudonyms,
    Feed feed,
    string? assignment,
    IReadOnlyList<Tombstone> tombstones,
    DateTimeOffset readAt
)
{
    private readonly PersonMembers _members = PersonMembers.Of(feed);
    private readonly Dictionary<string, Tombstone> _imported = tombstones.ToDictionary(tombstone => tombstone.Imported);
    private readonly ILookup<string, Tombstone> _internal = tombstones
        .SelectMany(tombstone => tombstone.Internal, (tombstone, hash) => (tombstone, hash))
        .ToLookup(pair => pair.hash, pair => pair.tombstone);
    private readonly ConcurrentDictionary<string, bool> _seen = new();

    /// <summary>When the tombstones were read.</summary>
    public DateTimeOffset ReadAt => readAt;

    /// <summary>Whom it leaves out.</summary>
    public IReadOnlyList<Tombstone> Tombstones => tombstones;

    /// <summary>Whether a record of the person was seen.</summary>
    public bool Saw(Tombstone tombstone) => _seen.ContainsKey(tombstone.Imported);

    /// <summary>Whether a record is of somebody who was erased.</summary>
    public bool Covers(ReadOnlySpan<byte> record)
    {
        var (imported, own) = _members.Read(record);
        if (Find(imported, own) is not { } tombstone)
        {
            return false;
        }

        _seen.TryAdd(tombstone.Imported, true);
        return true;
    }

    private Tombstone? Find(string? imported, string? own)
    {
        var owners = own is null ? [] : _internal[Hash.OfInternal(pseudonyms, own)];
        if (imported is null)
        {
            return owners.FirstOrDefault();
        }

        return assignment is not null
            ? _imported.GetValueOrDefault(Hash.OfImported(pseudonyms, assignment, imported))
            : owners.FirstOrDefault(owner => owner.Imported == Hash.OfImported(pseudonyms, owner.Assignment, imported));
    }

    /// <summary>The hashes that tombstones hold: of other parts than row keys, so that one does not give the other away.</summary>
    internal static class Hash
    {
        public static string OfImported(Pseudonyms pseudonyms, string assignment, string id) =>
            pseudonyms.Of($"erased, imported id in {assignment}", id);

        public static string OfInternal(Pseudonyms pseudonyms, string id) => pseudonyms.Of("erased, internal id", id);
    }
}
