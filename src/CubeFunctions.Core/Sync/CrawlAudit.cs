using System.Globalization;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Sync;

/// <summary>What the pages of one sweep say together.</summary>
/// <param name="Records">Records read.</param>
/// <param name="Bytes">Bytes read.</param>
/// <param name="ReportedCount">The count that the last page gave.</param>
/// <param name="DistinctKeys">Distinct keys among the records that have one.</param>
/// <param name="Keyless">Records without a key.</param>
/// <param name="CountsAgree">Whether every page gave the same count.</param>
/// <param name="Ended">Whether the last page was the last.</param>
/// <param name="Digest">What another sweep is compared by.</param>
internal sealed record CrawlAudit(
    long Records, long Bytes, long ReportedCount, long DistinctKeys, long Keyless, bool CountsAgree, bool Ended, CrawlDigest Digest)
{
    private bool Repeats => DistinctKeys + Keyless < Records;

    public static CrawlAudit Of(IReadOnlyList<CrawledPage> pages, bool shrunk)
    {
        var keys = new ulong[pages.Sum(page => (long)page.Summary.KeyHashes.Length)];
        var filled = 0;
        var content = UInt128.Zero;
        foreach (var page in pages)
        {
            page.Summary.KeyHashes.CopyTo(keys, filled);
            filled += page.Summary.KeyHashes.Length;
            unchecked
            {
                content += page.Summary.Content;
            }
        }

        Array.Sort(keys);
        var distinct = keys.Length == 0 ? 0L : 1L;
        for (var i = 1; i < keys.Length; i++)
        {
            distinct += keys[i] == keys[i - 1] ? 0 : 1;
        }

        var records = pages.Sum(page => (long)page.Summary.Records);
        return new CrawlAudit(
            records,
            pages.Sum(page => page.Bytes),
            pages[^1].Summary.Count,
            distinct,
            pages.Sum(page => (long)page.Summary.KeylessRecords),
            pages.All(page => page.Summary.Count == pages[0].Summary.Count),
            !shrunk,
            new CrawlDigest(records, content.ToString("x32", CultureInfo.InvariantCulture)));
    }

    /// <summary>The proof that this sweep gives, alone or with the one before it.</summary>
    /// <param name="key">Whether equal keys can be two true records.</param>
    /// <param name="previous">What the sweep before found, or null.</param>
    /// <param name="twoWanted">True when one sweep's count is not enough.</param>
    public Proof Prove(RecordKey key, CrawlDigest? previous, bool twoWanted)
    {
        if (!Ended)
        {
            return Proof.None;
        }

        var counted = CountsAgree && Records == ReportedCount && !Repeats && Keyless == 0;
        if (counted && !twoWanted)
        {
            return Proof.Count;
        }

        // Where keys are unique, a repeat means that another record was missed, however often the sweeps agree.
        return previous == Digest && !(key.Unique && Repeats) ? Proof.Sweeps : Proof.None;
    }
}
