using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Upserts;

/// <summary>A page of a snapshot, for the index.</summary>
/// <param name="Sha256">Its SHA-256, hexadecimal digits.</param>
/// <param name="Customers">Both ids of each of its customers; null where they are those that the index before has of it.</param>
internal readonly record struct IndexedPage(string Sha256, IReadOnlyCollection<CustomerKey>? Customers);

/// <summary>
/// A stored index: pairs of a 64-bit hash of the imported id and the internal id, sorted by hash, and of each the page that it was read
/// from. A snapshot takes over the pairs of those pages that have not changed.
/// </summary>
/// <remarks>
/// Little endian.
/// <code>
/// 4 bytes   "CIDX"
/// int32     1, or 2 where it is of a list that is short of Cube's count and kept as a gap: pairs that are not in that list are of page 0,
///           as they were known before
/// int64     n, number of pairs
/// n times   uint64 hash of the imported id (XxHash3 of its text), int64 Cube's own id, 0 where there is none
///           what follows is missing in earlier files
/// n times   int32 number of the page that the pair was read from, from 1; 0 where it is in none of them
/// int32     m, number of pages
/// m times   16 bytes: the first half of the page's SHA-256; zero where pairs of it were taken out
/// </code>
/// </remarks>
internal sealed class CustomerIndexFile
{
    private const int CountAt = 8;
    private const int HeaderBytes = 16;
    private const int PairBytes = 16;
    private const int ShaBytes = 16;
    private const int BufferedPairs = 4096;
    private const int Whole = 1;
    private const int Short = 2;
    private readonly byte[] _bytes;
    private readonly int _pagesAt;

    private CustomerIndexFile(byte[] bytes, int count)
    {
        (_bytes, Count, _pagesAt) = (bytes, count, HeaderBytes + (PairBytes * count));
        var tail = _pagesAt + (sizeof(int) * count);
        Pages = bytes.Length < tail + sizeof(int) ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(tail));
    }

    private static ReadOnlySpan<byte> Magic => "CIDX"u8;

    /// <summary>
    /// Whether it is of a list that is short of Cube's count: an id that it does not have may all the same be a customer's.
    /// </summary>
    public bool IsShort => BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(Magic.Length)) == Short;

    /// <summary>Number of pairs.</summary>
    public int Count { get; }

    /// <summary>Number of pages; 0 where it does not say.</summary>
    private int Pages { get; }

    /// <summary>The index of a blob; null where it is none that is known.</summary>
    public static CustomerIndexFile? Read(byte[] bytes) =>
        bytes.Length >= HeaderBytes
        && bytes.AsSpan().StartsWith(Magic)
        && BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(Magic.Length)) is Whole or Short
        && BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(CountAt)) is var count and >= 0
        && count <= (bytes.Length - HeaderBytes) / PairBytes
            ? new CustomerIndexFile(bytes, (int)count)
            : null;

    public ulong HashAt(int place) => BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(HeaderBytes + (PairBytes * place)));

    public long InternalAt(int place) => BinaryPrimitives.ReadInt64LittleEndian(_bytes.AsSpan(HeaderBytes + (PairBytes * place) + 8));

    /// <summary>Whether it has all customers of a page.</summary>
    public bool Holds(int page, string sha256) => page <= Pages && ShaAt(page).SequenceEqual(HalfOf(sha256));

    /// <summary>
    /// Whether a stored file is an index of these pages, which are a whole list, and no others. Its pairs are passed over.
    /// </summary>
    /// <param name="file">The file; it seeks.</param>
    /// <param name="pages">SHA-256 of the pages, in order.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<bool> IsOfAsync(Stream file, IReadOnlyList<string> pages, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderBytes];
        var tail = new byte[sizeof(int) + (ShaBytes * pages.Count)];
        if (
            await file.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancellationToken) < header.Length
            || !header.AsSpan().StartsWith(Magic)
            || BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(Magic.Length)) != Whole
            || BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(CountAt)) is not (>= 0 and <= int.MaxValue and var count)
            || file.Length != HeaderBytes + ((PairBytes + sizeof(int)) * count) + tail.Length
        )
        {
            return false;
        }

        file.Position = file.Length - tail.Length;
        await file.ReadExactlyAsync(tail, cancellationToken);
        return BinaryPrimitives.ReadInt32LittleEndian(tail) == pages.Count
            && pages.Index().All(page => tail.AsSpan(sizeof(int) + (ShaBytes * page.Index), ShaBytes).SequenceEqual(HalfOf(page.Item)));
    }

    /// <summary>Writes the index of a snapshot to a file that nobody else sees.</summary>
    /// <param name="pages">The snapshot's pages, in order.</param>
    /// <param name="before">The index that has those without customers; null where there are none, or no index.</param>
    /// <param name="isShort">Whether the list is short of Cube's count: customers that it lacks stay as the index before has them.</param>
    public static FileStream Write(IReadOnlyList<IndexedPage> pages, CustomerIndexFile? before, bool isShort = false)
    {
        // Of its final size at once: of a million customers each copy counts.
        var fresh = new Pair[pages.Sum(page => page.Customers?.Count ?? 0)];
        var count = 0;
        for (var number = 1; number <= pages.Count; number++)
        {
            foreach (var key in pages[number - 1].Customers ?? [])
            {
                fresh[count++] = new Pair(key.ImportedHash, key.InternalId, number);
            }
        }

        HashOrder.Sort<Pair, ByHash>(fresh);
        var pairs = before is null ? fresh : Merge(before, pages, fresh);
        if (isShort)
        {
            pairs = WithOthers(pairs, before?.Pairs() ?? []);
        }

        return Write(isShort ? Short : Whole, pairs, [.. pages.Select(page => HalfOf(page.Sha256))]);
    }

    /// <summary>Writes it without an imported id. Pages that had it do not count as known any more.</summary>
    public FileStream WriteWithout(ulong hash)
    {
        var gone = Pairs().Where(pair => pair.Hash == hash).ToList();
        return Write(
            IsShort ? Short : Whole,
            Pairs().Where(pair => pair.Hash != hash),
            [
                .. Enumerable
                    .Range(1, Pages)
                    .Select(page => gone.Exists(pair => pair.Page == page) ? new byte[ShaBytes] : ShaAt(page).ToArray()),
            ]
        );
    }

    /// <summary>
    /// Writes pairs while they are merged: their number is known at the end. Their pages wait in a file: of a million customers each copy
    /// counts.
    /// </summary>
    private static FileStream Write(int version, IEnumerable<Pair> pairs, List<byte[]> pages)
    {
        var stream = TempFile.Create();
        using var numbers = TempFile.Create();
        var (buffer, places, filled) = (new byte[BufferedPairs * PairBytes], new byte[BufferedPairs * sizeof(int)], 0);
        Magic.CopyTo(buffer);
        BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(Magic.Length), version);
        stream.Write(buffer, 0, HeaderBytes);
        var count = 0L;
        foreach (var pair in pairs)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(buffer.AsSpan(PairBytes * filled), pair.Hash);
            BinaryPrimitives.WriteInt64LittleEndian(buffer.AsSpan((PairBytes * filled) + sizeof(ulong)), pair.InternalId);
            BinaryPrimitives.WriteInt32LittleEndian(places.AsSpan(sizeof(int) * filled), pair.Page);
            count++;
            if (++filled == BufferedPairs)
            {
                Flush();
            }
        }

        Flush();
        numbers.Position = 0;
        numbers.CopyTo(stream);
        BinaryPrimitives.WriteInt32LittleEndian(buffer, pages.Count);
        stream.Write(buffer, 0, sizeof(int));
        pages.ForEach(sha => stream.Write(sha));
        stream.Position = CountAt;
        BinaryPrimitives.WriteInt64LittleEndian(buffer, count);
        stream.Write(buffer, 0, sizeof(long));
        stream.Flush();
        stream.Position = 0;
        return stream;

        void Flush()
        {
            stream.Write(buffer, 0, PairBytes * filled);
            numbers.Write(places, 0, sizeof(int) * filled);
            filled = 0;
        }
    }

    /// <summary>Pairs of pages that have not changed, and fresh ones.</summary>
    private static IEnumerable<Pair> Merge(CustomerIndexFile before, IReadOnlyList<IndexedPage> pages, Pair[] fresh)
    {
        var next = 0;
        for (var place = 0; place < before.Count; place++)
        {
            var pair = before.PairAt(place);
            if (pair.Page <= 0 || pair.Page > pages.Count || pages[pair.Page - 1].Customers is not null)
            {
                continue;
            }

            while (next < fresh.Length && fresh[next].CompareTo(pair) < 0)
            {
                yield return fresh[next++];
            }

            yield return pair;
        }

        while (next < fresh.Length)
        {
            yield return fresh[next++];
        }
    }

    /// <summary>Those of a list, and from before those of ids that it lacks.</summary>
    private static IEnumerable<Pair> WithOthers(IEnumerable<Pair> list, IEnumerable<Pair> before)
    {
        using var next = list.GetEnumerator();
        var isLeft = next.MoveNext();
        var last = default(ulong?);
        foreach (var pair in before)
        {
            for (; isLeft && next.Current.Hash <= pair.Hash; isLeft = next.MoveNext())
            {
                last = next.Current.Hash;
                yield return next.Current;
            }

            if (last != pair.Hash)
            {
                yield return pair with
                {
                    Page = 0,
                };
            }
        }

        for (; isLeft; isLeft = next.MoveNext())
        {
            yield return next.Current;
        }
    }

    private static byte[] HalfOf(string sha256) => Convert.FromHexString(sha256.AsSpan(0, 2 * ShaBytes));

    private ReadOnlySpan<byte> ShaAt(int page) => _bytes.AsSpan(_pagesAt + (sizeof(int) * (Count + 1)) + (ShaBytes * (page - 1)), ShaBytes);

    /// <summary>All pairs; those of a file that does not say so are of no page.</summary>
    private IEnumerable<Pair> Pairs()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return PairAt(i);
        }
    }

    private Pair PairAt(int place) =>
        new(
            HashAt(place),
            InternalAt(place),
            Pages == 0 ? 0 : BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(_pagesAt + (sizeof(int) * place)))
        );

    [StructLayout(LayoutKind.Sequential, Pack = sizeof(int))]
    private readonly record struct Pair(ulong Hash, long InternalId, int Page) : IComparable<Pair>
    {
        public int CompareTo(Pair other) =>
            Hash != other.Hash ? Hash.CompareTo(other.Hash)
            : InternalId != other.InternalId ? InternalId.CompareTo(other.InternalId)
            : Page.CompareTo(other.Page);
    }

    private readonly struct ByHash : IHashOf<Pair>
    {
        public ulong Of(in Pair value) => value.Hash;
    }
}
