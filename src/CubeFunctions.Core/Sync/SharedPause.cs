using Azure.Data.Tables;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>Shares the pause that Cube asked for with every process, by a row of <c>CubeCheckpoints</c>.</summary>
public sealed class SharedPause : IDisposable
{
    /// <summary>How old the last look at the row may be. A pause reaches every worker within this time.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    /// <summary>A pause shorter than this is over before others have looked.</summary>
    private static readonly TimeSpan WorthSharing = TimeSpan.FromSeconds(2);

    private readonly TableClient _table;
    private readonly TenantPause _pause;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _gate = new(1);
    private DateTimeOffset _looked;
    private DateTimeOffset _shared;

    /// <summary>End of a pause that others do not know yet, in ticks of UTC; 0 for none.</summary>
    private long _toShare;

    /// <summary>Listens to the pauses that Cube asks this process for.</summary>
    public SharedPause(StorageClients storage, TenantPause pause, TimeProvider time)
    {
        (_table, _pause, _time) = (storage.Checkpoints, pause, time);
        pause.Extended += OnExtended;

        // A pause of others reaches this process with its first look, a few seconds from now.
        _looked = time.GetUtcNow();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _pause.Extended -= OnExtended;
        _gate.Dispose();
    }

    /// <summary>Writes a pause of ours that others do not know yet, and reads theirs where the last look is too old.</summary>
    internal async Task RefreshAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Read(ref _toShare) == 0 && _time.GetUtcNow() - _looked < LookEvery)
        {
            return;
        }

        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (Interlocked.Exchange(ref _toShare, 0) is var ticks and > 0)
            {
                var until = new DateTimeOffset(ticks, TimeSpan.Zero);
                if (until - _time.GetUtcNow() > WorthSharing && until - _shared > WorthSharing)
                {
                    await _table.UpsertEntityAsync(new TableEntity("pause", "tenant") { ["SchemaVersion"] = 1, ["Until"] = until }, TableUpdateMode.Replace, cancellationToken);
                    _shared = until;
                }
            }

            if (_time.GetUtcNow() - _looked >= LookEvery)
            {
                _looked = _time.GetUtcNow();
                var row = await _table.GetEntityIfExistsAsync<TableEntity>("pause", "tenant", cancellationToken: cancellationToken);
                if (row.HasValue && row.Value!.GetDateTimeOffset("Until") is { } theirs)
                {
                    _shared = theirs > _shared ? theirs : _shared;
                    _pause.Extend(theirs);
                }
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private void OnExtended(DateTimeOffset until)
    {
        Interlocked.Exchange(ref _toShare, until.UtcTicks);
        CubeMetrics.Paused.Record((until - _time.GetUtcNow()).TotalSeconds);

        // Told at once: every request of this process waits now, and would tell too late. Where storage fails, the next look tells.
        _ = RefreshAsync(CancellationToken.None).ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
    }
}
