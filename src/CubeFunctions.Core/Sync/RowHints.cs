using System.Collections.Concurrent;
using Azure.Data.Tables;

namespace CubeFunctions.Core.Sync;

/// <summary>
/// Single-use copies of rows that this process has just listed or written: each stands in for one read before an optimistic write. A copy
/// that is out of date does
/// no harm there: the write is refused by its ETag, and the caller reads the row. A copy without an ETag says that there was no row.
/// </summary>
internal sealed class RowHints<T>
    where T : class, ITableEntity
{
    private readonly ConcurrentDictionary<(string, string), T> _rows = new();

    /// <summary>Keeps these copies, and no others.</summary>
    public void Replace(IEnumerable<T> rows)
    {
        _rows.Clear();
        foreach (var row in rows)
        {
            _rows[(row.PartitionKey, row.RowKey)] = row;
        }
    }

    /// <summary>Takes a copy; null where there is none, or it was taken.</summary>
    public T? Take(string partition, string key) => _rows.TryRemove((partition, key), out var row) ? row : null;
}
