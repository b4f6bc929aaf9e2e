using System.Text;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Changes;

/// <summary>The records of one feed as a comparison looks at them: without those of erased persons, and single records in detail.</summary>
internal sealed class FeedRecords(Feed feed, RecordReaders readers, ChangeSettings settings)
{
    private readonly ContentRules _rules = new(feed, settings);

    /// <summary>Names of the record that was looked at last, in its order: the next one has the same, as a rule.</summary>
    private MemberName[] _names = [];

    /// <summary>Whose records are left out altogether, as if Cube did not have them; null where nobody's are.</summary>
    public ErasedFilter? Erased { get; set; }

    /// <summary>Reads a stored page.</summary>
    public PageRecords Read(ReadOnlyMemory<byte> page) => Without(readers.Read(feed, page.Span), page);

    /// <summary>What was read off a page, without the records of erased persons.</summary>
    public PageRecords Without(PageRecords records, ReadOnlyMemory<byte> page)
    {
        if (Erased is not { } erased)
        {
            return records;
        }

        var kept = Enumerable.Range(0, records.Digests.Length).Where(i => !erased.Covers(records.Bounds[i].Of(page.Span))).ToList();
        return kept.Count == records.Digests.Length
            ? records
            : records with
            {
                Digests = [.. kept.Select(i => records.Digests[i])],
                Bounds = [.. kept.Select(i => records.Bounds[i])],
            };
    }

    /// <summary>The records of a page that are wanted, by their digest.</summary>
    public void Visit(ReadOnlyMemory<byte> page, Func<RecordDigest, bool> wanted, Action<RecordDigest, ReadOnlyMemory<byte>> take)
    {
        var records = Read(page);
        for (var i = 0; i < records.Digests.Length; i++)
        {
            if (wanted(records.Digests[i]))
            {
                take(records.Digests[i], records.Bounds[i].Of(page));
            }
        }
    }

    /// <summary>The parts of a record's key as text; empty where the record lacks one.</summary>
    public string[] KeyOf(ReadOnlySpan<byte> record)
    {
        var parts = new string[feed.Key.Parts.Count];
        for (var part = 0; part < parts.Length; part++)
        {
            parts[part] = CustomerIds.Find(record, feed.Key.Parts[part]) ?? "";
        }

        return parts;
    }

    /// <summary>Hashes of a record's content members, by name.</summary>
    /// <param name="record">The record.</param>
    /// <param name="withEmpty">Whether members without a value are among them, as zero.</param>
    public Dictionary<string, Hash128> Members(ReadOnlySpan<byte> record, bool withEmpty = false)
    {
        var before = _names;
        var members = new Dictionary<string, Hash128>(before.Length, StringComparer.Ordinal);
        var names = new List<MemberName>(before.Length);
        var isSame = true;
        var cursor = new JsonCursor(record);
        cursor.Read();
        for (var more = cursor.First(JsonCursor.EndOfObject); more; more = cursor.Next(JsonCursor.EndOfObject))
        {
            cursor.ReadName();
            var name = names.Count < before.Length ? before[names.Count] : null;
            if (name?.Written.AsSpan().SequenceEqual(cursor.Value) != true)
            {
                (name, isSame) = (NameOf(ref cursor), false);
            }

            names.Add(name);
            cursor.Read();
            if (!name.IsContent)
            {
                cursor.Skip();
            }
            else if (ContentHash.Value(ref cursor, name.Seed) is var hash && (withEmpty || hash != default))
            {
                members[name.Text] = hash;
            }
        }

        if (!isSame)
        {
            _names = [.. names];
        }

        return members;
    }

    private MemberName NameOf(ref JsonCursor cursor)
    {
        var text = JsonEscapes.ToText(cursor.Value, cursor.IsEscaped);
        ReadOnlySpan<byte> bytes = cursor.IsEscaped ? Encoding.UTF8.GetBytes(text) : cursor.Value;
        return new(cursor.Value.ToArray(), text, ContentHash.SeedOf(bytes), _rules.IsContent(bytes));
    }

    /// <summary>A member's name as it is written, and what follows from it.</summary>
    private sealed record MemberName(byte[] Written, string Text, long Seed, bool IsContent);
}
