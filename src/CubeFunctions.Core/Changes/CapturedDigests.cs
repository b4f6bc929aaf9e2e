using System.Runtime.InteropServices;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// Digests of a window's pages until they are compared. Many go to a file: several windows are read at once, and memory is not to follow
/// their size.
/// </summary>
internal sealed class CapturedDigests : IDisposable
{
    private const int MaxInMemory = 16_000;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, RecordDigest[]> _held = [];
    private readonly Dictionary<int, (long Start, int Count)> _filed = [];
    private FileStream? _file;
    private RecordDigest[] _buffer = [];
    private int _inMemory;

    /// <summary>Number of digests.</summary>
    public int Count => _inMemory + _filed.Values.Sum(static place => place.Count);

    /// <summary>Numbers of the pages.</summary>
    public IEnumerable<int> Pages => _held.Keys.Concat(_filed.Keys);

    public bool Holds(int page)
    {
        lock (_gate)
        {
            return _held.ContainsKey(page) || _filed.ContainsKey(page);
        }
    }

    /// <summary>Keeps a page's digests in the place of those that it had. Called from several tasks at once.</summary>
    public void Set(int page, RecordDigest[] digests)
    {
        lock (_gate)
        {
            Remove(page);
            _held[page] = digests;
            _inMemory += digests.Length;
            if (_inMemory > MaxInMemory)
            {
                Spill();
            }
        }
    }

    /// <summary>A page's digests, good until the next are asked for.</summary>
    public ReadOnlySpan<RecordDigest> Read(int page)
    {
        if (_held.TryGetValue(page, out var digests))
        {
            return digests;
        }

        var (start, count) = _filed[page];
        _buffer = _buffer.Length < count ? new RecordDigest[count] : _buffer;
        var read = _buffer.AsSpan(0, count);
        _file!.Position = start;
        _file.ReadExactly(MemoryMarshal.AsBytes(read));
        return read;
    }

    public void Remove(int page)
    {
        _inMemory -= _held.Remove(page, out var held) ? held.Length : 0;
        _filed.Remove(page);
    }

    public void Clear()
    {
        lock (_gate)
        {
            _held.Clear();
            _inMemory = 0;
            _filed.Clear();
            _file?.SetLength(0);
        }
    }

    public void Dispose() => _file?.Dispose();

    private void Spill()
    {
        _file ??= TempFile.Create();
        _file.Seek(0, SeekOrigin.End);
        foreach (var (page, digests) in _held)
        {
            _filed[page] = (_file.Position, digests.Length);
            _file.Write(MemoryMarshal.AsBytes(digests.AsSpan()));
        }

        _held.Clear();
        _inMemory = 0;
    }
}
