using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Operations.Probing;

/// <summary>Probes Cube: reads a little of everything, changes nothing, takes under 30 requests and a minute. One at a time.</summary>
internal sealed class ProbeControl(
    CubeSettings settings,
    SyncSettings sync,
    TenantGeneration generation,
    TenantPause pause,
    CubeLimits limits,
    RecordReaders records,
    TimeProvider time
)
{
    private static readonly TimeSpan WhileBusy = TimeSpan.FromSeconds(30);
    private int _busy;

    /// <summary>Probes Cube with the settings of this app.</summary>
    /// <exception cref="OperationException">Another probe is under way in this process.</exception>
    public async Task<ProbeReport> RunAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _busy, 1) == 1)
        {
            throw new OperationException(409, "Under way", "Another probe is under way.") { RetryAfter = WhileBusy };
        }

        try
        {
            using var connection = new ObservedConnection(settings, pause, limits, records, generation, time);
            return await new ProbeSession(settings, sync, generation, connection, time).RunAsync(cancellationToken);
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }
}
