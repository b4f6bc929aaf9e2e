using System.Collections.Concurrent;
using System.IO.Compression;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// What a comparison needs of a window, kept while its pages stream by: digests of all records, and the pages that hold one that is not known. So no page is read
/// from storage again unless a claim died on the way.
/// </summary>
internal sealed class WindowCapture(ChangeDetection detection, ObservedItem item, Window window, RecordScanner scanner, Func<CancellationToken, Task<ScopeState>> known) : IWindowObservation
{
    private readonly ConcurrentDictionary<int, RecordDigest[]> _pages = new();
    private readonly Dictionary<int, (long At, int Packed, int Length)> _kept = [];
    private readonly Lock _gate = new();
    private FileStream? _spool;

    /// <summary>Digests of a page, or null when it did not stream by.</summary>
    public RecordDigest[]? Page(int number) => _pages.GetValueOrDefault(number);

    /// <inheritdoc />
    public async Task PageAsync(ObservedPage page, CancellationToken cancellationToken)
    {
        var digests = scanner.Digest(page.Bytes.Span);
        _pages[page.Number] = digests;
        if (!page.IsUnchanged || !item.IsCompared(window))
        {
            var state = await known(cancellationToken);
            if (Array.Exists(digests, digest => !state.Knows(digest)))
            {
                Keep(page.Number, page.Bytes.Span);
                return;
            }
        }

        lock (_gate)
        {
            _kept.Remove(page.Number);
        }
    }

    /// <inheritdoc />
    public void Restart()
    {
        _pages.Clear();
        lock (_gate)
        {
            _kept.Clear();
            _spool?.SetLength(0);
        }
    }

    /// <inheritdoc />
    public Task ProvenAsync(bool hasEarlierReading, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StoredAsync(StoredWindow stored, CancellationToken cancellationToken) => detection.CompareAsync(stored, this, cancellationToken);

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
