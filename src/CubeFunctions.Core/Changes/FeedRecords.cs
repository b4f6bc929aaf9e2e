using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;

namespace CubeFunctions.Core.Changes;

/// <summary>The records of one feed as a comparison looks at them: without those of erased persons, and single records in detail.</summary>
internal sealed class FeedRecords(Feed feed, RecordReaders readers)
{
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

    /// <inheritdoc cref="RecordReader.Members"/>
    public Dictionary<string, Hash128> Members(ReadOnlySpan<byte> record, bool withEmpty = false) =>
        readers.Members(feed, record, withEmpty);
}
