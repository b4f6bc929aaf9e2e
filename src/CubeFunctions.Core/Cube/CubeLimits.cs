using System.Diagnostics.CodeAnalysis;
using System.Net;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Cube;

/// <summary>Bounds the requests to Cube that this process has under way: by the setting, and below it by what Cube's answers say.</summary>
[SuppressMessage(
    "Reliability",
    "CA1001",
    Justification = "Lives as long as the process: a host that stops disposes services under work in hand."
)]
public sealed class CubeLimits
{
    private readonly int _most;
    private readonly SemaphoreSlim _slots;
    private readonly AdaptiveLimit _limit;
    private readonly Lock _gate = new();

    /// <summary>Slots that nobody has and nobody gets for now.</summary>
    private int _withheld;

    internal CubeLimits(CubeSettings settings)
    {
        _most = settings.MaxConcurrentRequests;
        (_slots, _limit) = (new SemaphoreSlim(_most), new AdaptiveLimit(_most));
    }

    /// <summary>Whether Cube has answered this process: what is in the way was not there before, then.</summary>
    internal bool HasAnswered { get; set; }

    internal async Task<Slot> EnterAsync(CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        return new Slot(this);
    }

    /// <summary>Learns from an answer how much Cube takes.</summary>
    /// <param name="sentAt">When its request was sent.</param>
    /// <param name="took">How long its headers took.</param>
    /// <param name="status">Its status.</param>
    internal void Note(DateTimeOffset sentAt, TimeSpan took, HttpStatusCode status)
    {
        lock (_gate)
        {
            _limit.Note(sentAt, took, status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable);
        }
    }

    private void Leave()
    {
        int released;
        lock (_gate)
        {
            var others = _most - _withheld - 1;
            released = Math.Max(0, _limit.Current - others);
            _withheld = _most - others - released;
        }

        if (released > 0)
        {
            _slots.Release(released);
        }
    }

    internal readonly struct Slot(CubeLimits limits) : IDisposable
    {
        public void Dispose() => limits.Leave();
    }
}
