using System.Collections.Concurrent;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Core.Sync;

/// <summary>What this process has done since it started, for a live display.</summary>
public sealed class SyncProgress
{
    private readonly ConcurrentDictionary<string, string> _retrying = new();
    private long _pages;
    private long _records;
    private long _bytes;
    private int _done;

    /// <summary>Pages read.</summary>
    public long Pages => Volatile.Read(ref _pages);

    /// <summary>Records read.</summary>
    public long Records => Volatile.Read(ref _records);

    /// <summary>Bytes read.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Items that ended.</summary>
    public int ItemsDone => Volatile.Read(ref _done);

    /// <summary>Items that were rescheduled, with the reason.</summary>
    public IReadOnlyDictionary<string, string> Retrying => _retrying;

    /// <summary>Raised when a run was closed by this process.</summary>
    public event Action<RunManifest>? RunClosed;

    internal void PageRead(int records, long bytes)
    {
        Interlocked.Increment(ref _pages);
        Interlocked.Add(ref _records, records);
        Interlocked.Add(ref _bytes, bytes);
    }

    internal void Resweep(int pages, long records, long bytes)
    {
        // What is read again is not progress.
        Interlocked.Add(ref _pages, -pages);
        Interlocked.Add(ref _records, -records);
        Interlocked.Add(ref _bytes, -bytes);
    }

    internal void Rescheduled(ItemRow item, string reason) => _retrying[item.Holder] = reason;

    internal void Resumed(ItemRow item) => _retrying.TryRemove(item.Holder, out _);

    internal void ItemDone() => Interlocked.Increment(ref _done);

    internal void Closed(RunManifest manifest) => RunClosed?.Invoke(manifest);
}
