using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Sync;

/// <summary>What a crawl keeps of a page: about eight bytes a record.</summary>
/// <param name="Number">Its place, from 1.</param>
/// <param name="StoredBy">
/// The attempt that stored it; null where it equals the same page of the last proven reading and was not stored.
/// </param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Its SHA-256, lower-case hexadecimal digits.</param>
/// <param name="Summary">What was read off it.</param>
internal sealed record CrawledPage(int Number, int? StoredBy, long Bytes, string Sha256, PageSummary Summary)
{
    public bool IsUnchanged => StoredBy is null;

    /// <summary>Whether the summary holds the keys of its records: an unchanged page need not be parsed for them.</summary>
    public required bool HasKeys { get; init; }

    /// <summary>What it adds to the digest of its crawl. Of an unchanged page its own hash does, parsed or not.</summary>
    public Hash128 Content => IsUnchanged ? Hash128.Parse(Sha256) : Summary.Content;

    public static CrawledPage Of(int number, int? storedBy, Page page) =>
        new(number, storedBy, page.Body.Length, page.Sha256 ?? ManifestPage.HashOf(page.Body.Bytes.Span), page.Summary)
        {
            HasKeys = page.IsParsed,
        };

    /// <summary>Without what only the audit of its own sweep needs.</summary>
    public CrawledPage WithoutKeys() => this with { Summary = Summary with { KeyHashes = [], Customers = [] } };
}
