using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>
/// Saves the rows of items that end: those of one run that end within a moment go as one transaction, since storage is paid for by the
/// transaction.
/// A caller's task completes only after its row is stored.
/// </summary>
public sealed class EndedItems(RunStore runs, TimeProvider time)
{
    /// <summary>Half of what a transaction may hold.</summary>
    private const int MostBytes = 2 << 20;

    /// <summary>
    /// How long an item that ended waits for others, for each that this process has in hand: of few hardly one ends meanwhile, and while it
    /// waits its place stays empty.
    /// </summary>
    private static readonly TimeSpan LingerPerItem = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan LongestLinger = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<string, Batch> _open = [];
    private readonly Lock _gate = new();

    /// <summary>Saves a row that was not changed since it was read.</summary>
    /// <param name="item">The row.</param>
    /// <param name="inHand">How many items of the run this process works on, this one included.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False where it was not saved with the others: the caller saves it alone.</returns>
    internal async Task<bool> TrySaveAsync(ItemRow item, int inHand, CancellationToken cancellationToken)
    {
        Batch batch;
        bool first;
        lock (_gate)
        {
            first = !_open.TryGetValue(item.PartitionKey, out batch!);
            batch ??= _open[item.PartitionKey] = new Batch();
            batch.Add(item);
            if (batch.Rows.Count >= Math.Min(inHand, OptimisticTable.MaxBatch) || batch.Bytes >= MostBytes)
            {
                Close(item.PartitionKey, batch);
            }
        }

        if (first)
        {
            var linger = TimeSpan.FromTicks(Math.Min(LingerPerItem.Ticks * inHand, LongestLinger.Ticks));
            await Task.WhenAny(batch.Closed.Task, Task.Delay(linger, time, CancellationToken.None));
            lock (_gate)
            {
                Close(item.PartitionKey, batch);
            }

            batch.Written.SetResult(await TryWriteAsync(batch.Rows));
        }

        return await batch.Written.Task.WaitAsync(cancellationToken);
    }

    private void Close(string run, Batch batch)
    {
        if (batch.Closed.TrySetResult())
        {
            _open.Remove(run);
        }
    }

    private async Task<bool> TryWriteAsync(List<ItemRow> rows)
    {
        if (rows.Count == 1)
        {
            return false;
        }

        try
        {
            return (await runs.Table.WriteAsync([.. rows.Select(RowWrite.Replace)], CancellationToken.None)).Outcome
                == StorageOutcome.Saved;
        }
        catch (Exception)
        {
            // Whatever it is: each row is saved alone then, and finds out for itself.
            return false;
        }
    }

    private sealed class Batch
    {
        public List<ItemRow> Rows { get; } = [];

        public int Bytes { get; private set; }

        public TaskCompletionSource Closed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Whether the transaction went through.</summary>
        public TaskCompletionSource<bool> Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Add(ItemRow item)
        {
            Rows.Add(item);
            Bytes += item.WindowBytes;
        }
    }
}
