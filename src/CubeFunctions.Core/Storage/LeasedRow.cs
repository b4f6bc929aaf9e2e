namespace CubeFunctions.Core.Storage;

/// <summary>
/// A row that one worker holds for a while. It is renewed in the background until released or disposed, and every save proves by ETag that
/// no other worker took it over.
/// </summary>
/// <remarks>
/// <para>
/// Order: read the row (or make a new one), see that it is not held (<see cref="Lease.IsHeld"/>), raise its attempt number and set whatever
/// else the claim is to save,
/// <see cref="TryAcquireAsync(OptimisticTable, T, string, TimeSpan, TimeProvider, CancellationToken)"/>. Then work on <see cref="Row"/>
/// with a token linked to <see cref="Lost"/>, save, release, dispose.
/// </para>
/// <para>
/// Guarantees: two workers never both save under the lease; a save or renewal whose answer was lost loses nothing; where the lease cannot
/// be renewed, <see cref="Lost"/> is cancelled a twentieth of its length before it runs out. A renewal sets the lease's columns only, so a
/// row in the middle of a change is never stored by it. Saves renew too: a worker that saves often costs no renewals.
/// </para>
/// </remarks>
internal sealed class LeasedRow<T> : IAsyncDisposable
    where T : class, ILeasable
{
    /// <summary>The share of the lease after which it is renewed: early, so that one slow answer does not lose it.</summary>
    private const double RenewAfter = 0.4;

    /// <summary>The share of the lease after which a renewal that failed is tried again, and which one that comes late is given.</summary>
    private const double RetryAfter = 0.1;

    /// <summary>The share of the lease that is left for the work under it to stop.</summary>
    private const double Margin = 0.05;

    private readonly OptimisticTable _table;
    private readonly string _holder;
    private readonly TimeSpan _length;
    private readonly TimeProvider _time;
    private readonly Task _renewal;

    // Not disposed: work under the lease may still hold them, and nothing in them needs it.
    private readonly SemaphoreSlim _gate = new(1);
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Until when the lease is known to be held: ticks of UTC.</summary>
    private long _until;

    private LeasedRow(OptimisticTable table, T row, TimeSpan length, TimeProvider time)
    {
        (_table, Row, _holder, _length, _time) = (table, row, row.LeaseHolder!, length, time);
        _until = row.LeaseUntil!.Value.UtcTicks;
        _renewal = RenewAsync();
    }

    /// <summary>
    /// The row. Change it between saves, from one task at a time. <see cref="Until"/> says how long it is held, not the row's own column.
    /// </summary>
    public T Row { get; }

    /// <summary>Cancelled when another worker took over, or the lease could not be renewed in time.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Until when the lease is held, unless renewed.</summary>
    public DateTimeOffset Until => new(Interlocked.Read(ref _until), TimeSpan.Zero);

    /// <summary>Takes a lease on a row in the state it was read in, or adds a new row with it. One transaction.</summary>
    /// <param name="table">The row's table.</param>
    /// <param name="row">The row, changed as the claim is to save it.</param>
    /// <param name="holder">Who takes it, as the row is to say.</param>
    /// <param name="length">How long it is held unless renewed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the try.</param>
    /// <returns>Null where another worker was quicker: read the row again.</returns>
    public static Task<LeasedRow<T>?> TryAcquireAsync(
        OptimisticTable table,
        T row,
        string holder,
        TimeSpan length,
        TimeProvider time,
        CancellationToken cancellationToken
    ) => TryAcquireAsync(table, row, holder, length, time, [], cancellationToken);

    /// <summary>Takes a lease together with writes of other rows of the partition: all in one step, or nothing.</summary>
    public static async Task<LeasedRow<T>?> TryAcquireAsync(
        OptimisticTable table,
        T row,
        string holder,
        TimeSpan length,
        TimeProvider time,
        IReadOnlyList<RowWrite> beside,
        CancellationToken cancellationToken
    )
    {
        var leases = await TryAcquireAllAsync(table, [(row, holder)], length, time, beside, cancellationToken);
        return leases?[0];
    }

    /// <summary>Takes the leases of rows of one partition together with writes of others, in one transaction: all, or none.</summary>
    /// <returns>In the order of the rows; null where another worker was quicker with one of them: read the rows again.</returns>
    public static async Task<IReadOnlyList<LeasedRow<T>>?> TryAcquireAllAsync(
        OptimisticTable table,
        IReadOnlyList<(T Row, string Holder)> rows,
        TimeSpan length,
        TimeProvider time,
        IReadOnlyList<RowWrite> beside,
        CancellationToken cancellationToken
    )
    {
        var until = time.GetUtcNow() + length;
        foreach (var (row, holder) in rows)
        {
            (row.LeaseHolder, row.LeaseUntil) = (holder, until);
            row.BeforeSave();
        }

        var saved = await table.WriteAsync([.. beside, .. rows.Select(static one => RowWrite.Save(one.Row.Entity))], cancellationToken);
        return saved.Outcome == StorageOutcome.Saved ? [.. rows.Select(one => new LeasedRow<T>(table, one.Row, length, time))] : null;
    }

    /// <summary>Saves the row and renews the lease.</summary>
    /// <exception cref="LeaseLostException">The lease is lost; nothing was saved.</exception>
    public Task SaveAsync(CancellationToken cancellationToken) => SaveAsync([], cancellationToken);

    /// <summary>Saves other rows of the partition together with the row, in one batch, and renews the lease.</summary>
    /// <param name="beside">Up to 99 other rows.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Whether all are saved; else nothing is, and one of the others was not as expected.</returns>
    /// <exception cref="LeaseLostException">The lease is lost; nothing was saved.</exception>
    public async Task<BatchOutcome> SaveAsync(IReadOnlyList<RowWrite> beside, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            return await WriteAsync(beside, _holder, cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Saves the row and gives the lease up.</summary>
    /// <exception cref="LeaseLostException">The lease is lost; nothing was saved.</exception>
    public Task ReleaseAsync(CancellationToken cancellationToken) => ReleaseAsync([], cancellationToken);

    /// <summary>Saves other rows of the partition together with the row, in one batch, and gives the lease up.</summary>
    /// <inheritdoc cref="SaveAsync(IReadOnlyList{RowWrite}, CancellationToken)"/>
    public async Task<BatchOutcome> ReleaseAsync(IReadOnlyList<RowWrite> beside, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var result = await WriteAsync(beside, null, cancellationToken);
            if (result.Outcome == StorageOutcome.Saved)
            {
                // Under the gate: no renewal is on its way that could come after this.
                await _stop.CancelAsync();
            }

            return result;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Stops renewing, and waits for that. A lease that was not released runs out by itself.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _renewal;
    }

    private async Task<BatchOutcome> WriteAsync(IReadOnlyList<RowWrite> beside, string? holder, CancellationToken cancellationToken)
    {
        if (_lost.IsCancellationRequested)
        {
            throw new LeaseLostException();
        }

        var until = _time.GetUtcNow() + _length;
        (Row.LeaseHolder, Row.LeaseUntil) = (holder, holder is null ? null : until);
        var result = default(BatchOutcome?);
        try
        {
            Row.BeforeSave();
            result = await _table.WriteAsync([.. beside, RowWrite.Replace(Row.Entity)], cancellationToken);
        }
        finally
        {
            if (result?.Outcome != StorageOutcome.Saved)
            {
                (Row.LeaseHolder, Row.LeaseUntil) = (_holder, Until);
            }
        }

        if (result.Value.Outcome == StorageOutcome.Saved)
        {
            Interlocked.Exchange(ref _until, until.UtcTicks);
        }
        else if (ReferenceEquals(result.Value.Row, Row.Entity))
        {
            await _lost.CancelAsync();
            throw new LeaseLostException();
        }

        return result.Value;
    }

    private async Task RenewAsync()
    {
        try
        {
            var failed = false;
            while (true)
            {
                await Task.Delay(NextTry(failed), _time, _stop.Token);
                if (failed && Left <= TimeSpan.Zero)
                {
                    throw new LeaseLostException();
                }

                // A save may have renewed it meanwhile.
                failed = (failed || NextTry(false) <= TimeSpan.Zero) && !await TryRenewAsync();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Released, or given up.
        }
        catch (Exception)
        {
            // Whatever it was: a lease that is renewed no more must not look held.
            await _lost.CancelAsync();
        }
    }

    /// <summary>How long it may still be worked under the lease.</summary>
    private TimeSpan Left => Until - (_length * Margin) - _time.GetUtcNow();

    private TimeSpan NextTry(bool failed)
    {
        var wait = failed ? Least(_length * RetryAfter, Left) : Until - (_length * (1 - RenewAfter)) - _time.GetUtcNow();
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }

    /// <returns>False where storage is out of reach for a moment and the lease still holds.</returns>
    private async Task<bool> TryRenewAsync()
    {
        // A process that slept past its lease may still have it: one short try shows.
        using var limit = new CancellationTokenSource(Left > TimeSpan.Zero ? Left : _length * RetryAfter, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
        try
        {
            await _gate.WaitAsync(either.Token);
            try
            {
                var until = _time.GetUtcNow() + _length;
                var write = RowWrite.Merge(Row.Entity, [new(Row.LeaseUntilColumn, until)]);
                if (await _table.WriteAsync(write, either.Token) != StorageOutcome.Saved)
                {
                    throw new LeaseLostException();
                }

                Interlocked.Exchange(ref _until, until.UtcTicks);
                return true;
            }
            finally
            {
                _gate.Release();
            }
        }
        catch (Exception exception) when (StorageErrors.IsTrouble(exception, _stop.Token) && Left > TimeSpan.Zero)
        {
            return false;
        }
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
