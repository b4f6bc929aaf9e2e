using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Cube;

/// <summary>
/// A pause that Cube asked for with <c>Retry-After</c>, shared by all processes. No request starts before it is over; <c>status</c> shows
/// it, a person can lift it.
/// </summary>
public sealed class TenantPause
{
    private static readonly FlagDefinition Definition = new("cube", "pause", "tenant")
    {
        WorthSharing = TimeSpan.FromSeconds(2),
        DownAtStart = true,
    };
    private readonly TimeProvider _time;

    /// <summary>The pause of the tenant.</summary>
    public TenantPause(StorageClients storage, TimeProvider time)
    {
        _time = time;
        Flag = new SharedFlag(new OptimisticTable(storage.Checkpoints), Definition, time);
    }

    /// <summary>The longest pause that a request sits out; for a longer one it fails, so that its work item is suspended instead.</summary>
    public static TimeSpan LongestWait { get; } = TimeSpan.FromSeconds(30);

    /// <summary>The row behind it.</summary>
    public SharedFlag Flag { get; }

    /// <summary>How long the pause still lasts by what this process knows; zero when there is none.</summary>
    public TimeSpan Remaining =>
        Flag.Known is { } pause && pause.Until - _time.GetUtcNow() is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>Waits until the pause is over.</summary>
    /// <exception cref="CubeException">The pause is longer than <see cref="LongestWait"/>.</exception>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken);
        while (Remaining is var left && left > TimeSpan.Zero)
        {
            if (left > LongestWait)
            {
                throw new CubeException(CubeFailureKind.Transient, "Cube asked for a pause")
                {
                    RetryAfter = Recoverability.Bound(left, TimeSpan.Zero),
                };
            }

            await Task.Delay(left, _time, cancellationToken);
            await RefreshAsync(cancellationToken);
        }
    }

    /// <summary>Looks at the row where the last look is too old.</summary>
    internal async Task RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Flag.GetAsync(cancellationToken);
        }
        catch (Exception exception) when (StorageErrors.IsTrouble(exception, cancellationToken))
        {
            // Storage is away: what this process knows counts, and Cube is not to blame.
        }
    }

    /// <summary>Begins a pause, or extends the one that is.</summary>
    /// <param name="retryAfter">How long Cube asks for; taken up to an hour.</param>
    /// <param name="reason">Cube's answer in words.</param>
    /// <param name="cancellationToken">Ends the request; this process pauses all the same.</param>
    internal async Task AskAsync(TimeSpan retryAfter, string reason, CancellationToken cancellationToken)
    {
        var length = Recoverability.Bound(retryAfter, TimeSpan.Zero);
        if (length > TimeSpan.Zero)
        {
            CubeMetrics.Paused.Record(length.TotalSeconds);
            try
            {
                await Flag.ExtendAsync(_time.GetUtcNow() + length, reason, askedBy: null, cancellationToken);
            }
            catch (Exception exception) when (StorageErrors.IsTrouble(exception, cancellationToken))
            {
                // Other processes hear of it from Cube itself.
            }
        }
    }
}
