using CubeFunctions.Core.Settings;





namespace CubeFunctions.Core.Upserts;

/// <summary>Makes up for messages that were never sent, wakes what waited for a snapshot, and forgets what ended long ago.</summary>
public sealed class UpsertJanitor(UpsertStore store, UpsertNotifier waker, WriteSwitch writes, RetentionSettings settings, TimeProvider time)
{
    private const int Parallelism = 16;
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromHours(6);

    /// <summary>An event that is younger is on its way.</summary>
    private static readonly TimeSpan OnItsWay = TimeSpan.FromMinutes(2);

    /// <summary>An event that was tried and noted why it waits has its own message, or waits for what comes with a wake of its own.</summary>
    private static readonly TimeSpan WakeNotedEvery = TimeSpan.FromHours(1);
    private static readonly string[] Keys = ["PartitionKey", "RowKey", nameof(UpsertRow.AcceptedAt), nameof(UpsertRow.AssignmentId), nameof(UpsertRow.Reason)];
    private DateTimeOffset _wokeNoted = DateTimeOffset.MinValue;
    private DateTimeOffset _forgot;

    /// <summary>Sweeps once.</summary>
    /// <param name="force">True to wake all that wait, however lately they came.</param>
    /// <param name="cancellationToken">Ends the sweep.</param>
    /// <returns>How many customers were woken.</returns>
    public async Task<int> SweepAsync(bool force, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var woken = 0;
        if (force || await writes.OffUntilAsync(cancellationToken) is null)
        {
            var noted = force || now - _wokeNoted > WakeNotedEvery;
            woken = await WakeAsync(row => force || (now - row.AcceptedAt > OnItsWay && (noted || string.IsNullOrEmpty(row.Reason))), cancellationToken);
            _wokeNoted = noted ? now : _wokeNoted;
        }

        if (now - _forgot > ForgetEvery)
        {
            _forgot = now;
            await foreach (var row in store.EndedBeforeAsync(now.AddDays(-settings.Days), cancellationToken))
            {
                await store.DeleteAsync(row, cancellationToken);
            }
        }

        return woken;
    }

    /// <summary>Wakes all that wait for an assignment.</summary>
    internal Task<int> WakeAllAsync(string assignmentId, CancellationToken cancellationToken) => WakeAsync(row => row.AssignmentId == assignmentId, cancellationToken);

    private async Task<int> WakeAsync(Func<UpsertRow, bool> which, CancellationToken cancellationToken)
    {
        var customers = new Dictionary<string, string?>(StringComparer.Ordinal);
        try
        {
            await foreach (var row in store.AllAsync(UpsertState.Waiting, Keys, cancellationToken))
            {
                if (which(row) && !customers.TryAdd(row.PartitionKey, row.RowKey))
                {
                    customers[row.PartitionKey] = null;
                }
            }
        }
        catch (Azure.RequestFailedException exception) when (exception.ErrorCode == Azure.Data.Tables.Models.TableErrorCode.TableNotFound)
        {
            // A run alone creates only what its lane needs: nothing was ever accepted.
        }

        await Parallel.ForEachAsync(
            customers, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            async (customer, token) => await waker.WakeAsync(customer.Key, customer.Value, TimeSpan.Zero, token));
        return customers.Count;
    }
}
