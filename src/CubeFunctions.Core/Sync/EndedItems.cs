using Azure.Data.Tables;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>
/// Saves the rows of items that end: those of one run that end within a moment go as one transaction, since storage is paid for by the transaction.
/// Nobody is told that his row is saved before it is.
/// </summary>
public sealed class EndedItems(StorageClients storage, RunStore runs, TimeProvider time)
{
    private const int MostRows = 100;

    /// <summary>Half of what a transaction may hold.</summary>
    private const int MostBytes = 2 << 20;

    /// <summary>How long an item that ended waits for others that this process still has in hand.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<string, Batch> _open = [];
    private readonly Lock _gate = new();

    /// <summary>Replaces a row that nobody changed since it was read.</summary>
    /// <param name="item">The row.</param>
    /// <param name="inHand">How many items of the run this process works on, this one included.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when somebody did.</returns>
    internal async Task<bool> TrySaveAsync(ItemRow item, int inHand, CancellationToken cancellationToken)
    {
        Batch batch;
        bool first;
        lock (_gate)
        {
            first = !_open.TryGetValue(item.PartitionKey, out batch!);
            batch ??= _open[item.PartitionKey] = new Batch();
            batch.Add(item);
            if (batch.Rows.Count >= Math.Min(inHand, MostRows) || batch.Bytes >= MostBytes)
            {
                Close(item.PartitionKey, batch);
            }
        }

        if (first)
        {
            await Task.WhenAny(batch.Closed.Task, Task.Delay(Linger, time, CancellationToken.None));
            lock (_gate)
            {
                Close(item.PartitionKey, batch);
            }

            batch.Written.SetResult(await TryWriteAsync(batch.Rows));
        }

        return await batch.Written.Task.WaitAsync(cancellationToken) || await runs.TryUpdateAsync(item, cancellationToken);
    }

    private void Close(string run, Batch batch)
    {
        if (batch.Closed.TrySetResult())
        {
            _open.Remove(run);
        }
    }

    /// <returns>False where it did not go through, and each row is left to whoever waits for it.</returns>
    private async Task<bool> TryWriteAsync(List<ItemRow> rows)
    {
        if (rows.Count == 1)
        {
            return false;
        }

        try
        {
            var actions = rows.ConvertAll(row => new TableTransactionAction(TableTransactionActionType.UpdateReplace, row, row.ETag));
            var answers = await storage.Runs.SubmitTransactionAsync(actions, CancellationToken.None);
            for (var i = 0; i < rows.Count; i++)
            {
                rows[i].ETag = answers.Value[i].Headers.ETag!.Value;
            }

            return true;
        }
        catch (Exception exception) when (StorageFailure.Is(exception, CancellationToken.None))
        {
            // One of them was changed by somebody else, or storage is out of reach: each finds out for itself.
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
            Bytes += item.Windows?.Length ?? 0;
        }
    }
}
