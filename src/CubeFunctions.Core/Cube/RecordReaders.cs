using System.Collections.Concurrent;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Cube;

/// <summary>
/// Readers of all feeds, kept from page to page: what one has learned of a feed's members serves the next page. Safe to use from several
/// tasks.
/// </summary>
/// <param name="settings">What counts as content.</param>
/// <param name="cube">The tenant, for its local time.</param>
public sealed class RecordReaders(ChangeSettings settings, CubeSettings cube)
{
    private readonly ConcurrentDictionary<Feed, ConcurrentBag<RecordReader>> _idle = new();

    /// <summary>Reads a page.</summary>
    /// <exception cref="CubeException">It is not the page that the feed promises.</exception>
    internal PageRecords Read(Feed feed, ReadOnlySpan<byte> page)
    {
        var reader = Take(feed, out var idle);
        var records = reader.Read(page);

        // One that has failed is not kept: it may have learned names from something that is no page.
        idle.Add(reader);
        return records;
    }

    /// <inheritdoc cref="RecordReader.Members"/>
    internal Dictionary<string, Hash128> Members(Feed feed, ReadOnlySpan<byte> record, bool withEmpty)
    {
        var reader = Take(feed, out var idle);
        var members = reader.Members(record, withEmpty);
        idle.Add(reader);
        return members;
    }

    /// <summary>Reads a received page, unless it is the one that is known: then only what stands before its records.</summary>
    /// <exception cref="CubeException">It is not the page that the feed promises.</exception>
    internal Page Read(Feed feed, Storage.PooledBody body, KnownPage? known)
    {
        if (known is null)
        {
            return new Page(body, Read(feed, body.Bytes.Span));
        }

        var sha256 = ManifestPage.HashOf(body.Bytes.Span);
        return sha256 == known.Sha256 && PageEnvelope.Find(feed, body.Bytes.Span, known.Records) is { } summary
            ? new Page(body, summary, sha256)
            : new Page(body, Read(feed, body.Bytes.Span)) { Sha256 = sha256 };
    }

    /// <summary>Reads a stored page; the page owns the body, which is disposed where it is none.</summary>
    internal Page Parse(Feed feed, Storage.PooledBody body)
    {
        try
        {
            return new Page(body, Read(feed, body.Bytes.Span));
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    private RecordReader Take(Feed feed, out ConcurrentBag<RecordReader> idle)
    {
        idle = _idle.GetOrAdd(feed, static _ => []);
        return idle.TryTake(out var kept) ? kept : new RecordReader(feed, new ContentRules(feed, settings), cube.TimeZone);
    }
}
