using Azure;
using Azure.Data.Tables;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>
/// The right to work on one scope and feed, held by one item. Renewed until disposed; every save proves by ETag that nobody took it over.
/// </summary>
internal sealed class ScopeLease : IAsyncDisposable
{
    private readonly TableClient _table;
    private readonly TimeProvider _time;
    private readonly TimeSpan _length;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _renewal;

    internal ScopeLease(TableClient table, CheckpointRow row, TimeSpan length, TimeProvider time)
    {
        (_table, Row, _length, _time) = (table, row, length, time);
        _renewal = RenewAsync();
    }

    /// <summary>The row. Change it only between saves of the same task.</summary>
    public CheckpointRow Row { get; }

    /// <summary>Cancelled when somebody else took over, or when the lease could not be renewed in time.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Saves the row and renews the lease.</summary>
    /// <exception cref="LeaseLostException">Somebody else took over.</exception>
    public Task SaveAsync(CancellationToken cancellationToken) => WriteAsync(static (row, until) => row.LeaseUntil = until, cancellationToken);

    /// <summary>Saves the row and gives the lease up.</summary>
    /// <exception cref="LeaseLostException">Somebody else took over.</exception>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await WriteAsync(
            static (row, _) =>
            {
                row.LeaseHolder = null;
                row.LeaseUntil = null;
            },
            cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _renewal;
        _gate.Dispose();
        _stop.Dispose();
        _lost.Dispose();
    }

    private async Task WriteAsync(Action<CheckpointRow, DateTimeOffset> change, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var asked = _time.GetUtcNow();
            change(Row, asked + _length);
            var answer = await _table.UpdateEntityAsync(Row, Row.ETag, TableUpdateMode.Replace, cancellationToken);
            Row.ETag = answer.Headers.ETag!.Value;
        }
        catch (RequestFailedException exception) when (exception.Status == 412)
        {
            // The SDK's own retry after a lost answer looks the same. Then the row is still ours, only its ETag has moved.
            var now = await _table.GetEntityAsync<CheckpointRow>(Row.PartitionKey, Row.RowKey, cancellationToken: cancellationToken);
            if (now.Value.LeaseHolder == Row.LeaseHolder && now.Value.Attempt == Row.Attempt && now.Value.LeaseUntil == Row.LeaseUntil)
            {
                Row.ETag = now.Value.ETag;
                return;
            }

            await _lost.CancelAsync();
            throw new LeaseLostException(Row.PartitionKey, Row.RowKey);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task RenewAsync()
    {
        // Renewed well before it ends, so that one slow answer does not lose it.
        using var timer = new PeriodicTimer(_length * 0.4, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    await SaveAsync(_stop.Token);
                }
                catch (Exception exception) when (StorageFailure.Is(exception, _stop.Token) && _time.GetUtcNow() < Row.LeaseUntil)
                {
                    // Storage is out of reach for a moment; the lease still holds.
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Released.
        }
        catch (Exception exception) when (exception is LeaseLostException || StorageFailure.Is(exception, _stop.Token))
        {
            await _lost.CancelAsync();
        }
    }
}

/// <summary>Somebody else works on the scope and feed now. What was stored stays; nothing of ours is shown.</summary>
internal sealed class LeaseLostException(string scope, string feed) : Exception($"The lease on {feed} of {scope} was lost.");
