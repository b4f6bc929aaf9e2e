using System.Security.Cryptography;
using CubeFunctions.Core.Cube;

namespace CubeFunctions.Core.Sync;

/// <summary>What a sweep keeps of a page: about eight bytes a record.</summary>
/// <param name="Number">Its place, from 1.</param>
/// <param name="Attempt">The attempt that stored it; 0 when it equals the last reading's page and was not stored.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Its SHA-256, lower-case hexadecimal digits.</param>
/// <param name="Summary">What was read off it.</param>
internal sealed record CrawledPage(int Number, int Attempt, long Bytes, string Sha256, PageSummary Summary)
{
    public static CrawledPage Of(int number, int attempt, Page page) =>
        new(number, attempt, page.Body.Length, Convert.ToHexStringLower(SHA256.HashData(page.Body.Bytes.Span)), page.Summary);
}
