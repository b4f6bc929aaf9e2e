using System.Buffers;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Sync;

/// <summary>What the pages of one crawl say together.</summary>
/// <param name="Records">Records read.</param>
/// <param name="Bytes">Bytes read.</param>
/// <param name="ReportedCount">The largest count that a page gave: a page that counts fewer does not make the others wrong.</param>
/// <param name="DistinctKeys">Distinct keys among the records that have one.</param>
/// <param name="Keyless">Records without a key.</param>
/// <param name="CountsAgree">Whether every page gave the same count.</param>
/// <param name="RepeatsAcrossPages">Whether a key occurs on two pages: a row that moved while they were read looks the same.</param>
/// <param name="Digest">What another crawl is compared by.</param>
internal sealed record CrawlAudit(
    long Records,
    long Bytes,
    long ReportedCount,
    long DistinctKeys,
    long Keyless,
    bool CountsAgree,
    bool RepeatsAcrossPages,
    CrawlDigest Digest
)
{
    /// <summary>Whether a page was missing, or the size of pages changed on the way.</summary>
    public bool IsBroken { get; init; }

    /// <summary>Fewer records than Cube counts: never complete, however often it is read the same way.</summary>
    public bool IsShort => Records < ReportedCount;

    /// <summary>Fewer records than Cube counts, and nothing else speaks against them: what there is, is there once.</summary>
    public bool IsOnlyShort => IsShort && CountsAgree && !IsBroken && !Repeats && Keyless == 0;

    /// <summary>Whether a crawl with other borders between pages can show more than the same one again.</summary>
    public bool WantsOtherBorders => IsBroken || Records != ReportedCount || !CountsAgree || RepeatsAcrossPages;

    private bool Repeats => DistinctKeys + Keyless < Records;

    /// <summary>Why it is no proof, in figures.</summary>
    public string Reason =>
        !CountsAgree ? $"Cube's count moved while the pages were read; at most it says {ReportedCount} and gives {Records}"
        : Records != ReportedCount ? $"Cube says {ReportedCount} and gives {Records}"
        : IsBroken ? $"pages moved while {Records} records were read"
        : Repeats ? $"{Records} records, {Records - DistinctKeys - Keyless} of them repeats"
        : $"{Keyless} of {Records} records have no key, and two readings differ";

    public static CrawlAudit Of(IReadOnlyList<CrawledPage> pages)
    {
        var rented = ArrayPool<ulong>.Shared.Rent(pages.Sum(page => page.Summary.KeyHashes.Length));
        var filled = 0;
        var content = default(Hash128);
        foreach (var page in pages)
        {
            page.Summary.KeyHashes.CopyTo(rented, filled);
            filled += page.Summary.KeyHashes.Length;
            content += page.Content;
        }

        var keys = rented.AsSpan(0, filled);
        HashOrder.Sort<ulong, ByItself>(keys);
        var repeated = new HashSet<ulong>();
        var distinct = filled;
        for (var i = 1; i < filled; i++)
        {
            if (keys[i] == keys[i - 1])
            {
                distinct--;
                repeated.Add(keys[i]);
            }
        }

        ArrayPool<ulong>.Shared.Return(rented);
        var records = pages.Sum(page => (long)page.Summary.Records);
        return new CrawlAudit(
            records,
            pages.Sum(page => page.Bytes),
            pages.Max(static page => page.Summary.Count),
            distinct,
            pages.Sum(page => (long)page.Summary.KeylessRecords),
            pages.All(page => page.Summary.Count == pages[0].Summary.Count),
            OccursOnTwo(pages, repeated),
            new CrawlDigest(records, content.ToString())
        );
    }

    /// <summary>The proof that this crawl gives, alone or with the one before it.</summary>
    /// <param name="key">Whether equal keys can be two true records.</param>
    /// <param name="previous">What the crawl before found, or null.</param>
    /// <param name="twoWanted">True when one crawl's count is not enough.</param>
    public Proof Prove(RecordKey key, CrawlDigest? previous, bool twoWanted)
    {
        if (IsBroken || IsShort)
        {
            return Proof.None;
        }

        var counted = CountsAgree && Records == ReportedCount && !Repeats && Keyless == 0;
        if (counted && !twoWanted)
        {
            return Proof.Count;
        }

        // Where keys are unique, a repeat means that another record was missed, however often the crawls agree.
        return previous == Digest && !(key.Unique && Repeats) ? Proof.Sweeps : Proof.None;
    }

    private static bool OccursOnTwo(IEnumerable<CrawledPage> pages, HashSet<ulong> keys)
    {
        var seen = new HashSet<ulong>();
        return keys.Count > 0
            && pages
                .Select(page => page.Summary.KeyHashes.Where(keys.Contains).Distinct().ToList())
                .Any(onPage => onPage.Count(seen.Add) < onPage.Count);
    }

    private readonly struct ByItself : IHashOf<ulong>
    {
        public ulong Of(in ulong value) => value;
    }
}
