using CubeFunctions.Core.Storage;
using System.Collections.Concurrent;
using System.IO.Compression;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// What a comparison needs of a window, kept while its pages stream by: digests of all records, and the pages that hold one that is not known. So no page is read
/// from storage again unless a claim died on the way.
/// </summary>
internal sealed class WindowCapture(RecordScanner scanner, Func<CancellationToken, Task<ScopeState>> known) : IDisposable
{
    private readonly ConcurrentDictionary<int, RecordDigest[]> _pages = new();
    private readonly Dictionary<int, (long At, int Packed, int Length)> _kept = [];
    private readonly Lock _gate = new();
    private FileStream? _spool;

    /// <summary>The manifest that holds the window's pages.</summary>
    public WindowManifest? Manifest { get; private set; }

    /// <summary>When Cube was read.</summary>
    public DateTimeOffset ReadAt { get; private set; }

    /// <summary>When the first request of the reading was made.</summary>
    public DateTimeOffset StartedAt { get; private set; }

    /// <summary>Digests of a page, or null when it did not stream by.</summary>
    public RecordDigest[]? Page(int number) => _pages.GetValueOrDefault(number);

    /// <summary>A page came by.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="body">Its bytes.</param>
    /// <param name="compared">True when it equals the page of a reading that was compared before: nothing in it is new, as far as one can tell.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task AddAsync(int number, ReadOnlyMemory<byte> body, bool compared, CancellationToken cancellationToken)
    {
        var digests = scanner.Digest(body.Span);
        _pages[number] = digests;
        if (!compared)
        {
            var state = await known(cancellationToken);
            if (Array.Exists(digests, digest => !state.Knows(digest)))
            {
                Keep(number, body.Span);
                return;
            }
        }

        lock (_gate)
        {
            _kept.Remove(number);
        }
    }

    /// <summary>A new sweep begins: what the one before read does not count.</summary>
    public void Clear()
    {
        _pages.Clear();
        lock (_gate)
        {
            _kept.Clear();
            _spool?.SetLength(0);
        }
    }

    /// <summary>The window is swept.</summary>
    /// <param name="manifest">What holds its pages.</param>
    /// <param name="reading">What was read: another one where its pages equal those of an earlier reading.</param>
    public void Complete(WindowManifest manifest, WindowManifest reading) => (Manifest, ReadAt, StartedAt) = (manifest, reading.CompletedAt, reading.StartedAt);

    /// <summary>The digests were taken over.</summary>
    public void ForgetDigests() => _pages.Clear();

    /// <summary>The bytes of a page, where they were kept.</summary>
    public RentedPage? Read(int number)
    {
        lock (_gate)
        {
            if (!_kept.TryGetValue(number, out var place))
            {
                return null;
            }

            using var packed = new RentedPage(place.Packed);
            var page = new RentedPage(place.Length);
            _spool!.Position = place.At;
            _spool.ReadExactly(packed.Bytes.Span);
            if (BrotliDecoder.TryDecompress(packed.Bytes.Span, page.Bytes.Span, out var written) && written == place.Length)
            {
                return page;
            }

            page.Dispose();
            return null;
        }
    }

    public void Dispose() => _spool?.Dispose();

    private void Keep(int number, ReadOnlySpan<byte> body)
    {
        const int Fast = 1;
        const int Window = 18;
        var packed = System.Buffers.ArrayPool<byte>.Shared.Rent(BrotliEncoder.GetMaxCompressedLength(body.Length));
        try
        {
            if (!BrotliEncoder.TryCompress(body, packed, out var length, Fast, Window))
            {
                return;
            }

            lock (_gate)
            {
                _spool ??= TempFile.Create();
                _spool.Seek(0, SeekOrigin.End);
                _kept[number] = (_spool.Position, length, body.Length);
                _spool.Write(packed.AsSpan(0, length));
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(packed);
        }
    }
}
