using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Sync;

/// <summary>
/// Bounds the pages that this process holds in memory, whether they come from Cube or go to storage. Items that began first come first:
/// windows that end one after the other take less memory than windows that are all half read.
/// </summary>
public sealed class PageSlots(CubeSettings settings)
{
    /// <summary>
    /// Every so many slots the page that has waited longest gets one, so that no item stands still until larger ones before it have ended.
    /// </summary>
    private const int InTurnEvery = 8;

    private readonly Lock _gate = new();
    private readonly List<Waiting> _waiting = [];
    private int _free = MostOf(settings);
    private int _granted;

    /// <summary>Twice the requests to Cube: while one page is looked at and stored, the next is on its way.</summary>
    public static int MostOf(CubeSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return 2 * settings.MaxConcurrentRequests;
    }

    /// <param name="since">When the work on the item began.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<IDisposable> EnterAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Waiting waiting;
        lock (_gate)
        {
            if (_free > 0)
            {
                _free--;
                return new Slot(this);
            }

            waiting = new Waiting(since);
            _waiting.Add(waiting);
        }

        await using var registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((Waiting)state!).Entered.TrySetCanceled(token),
            waiting
        );
        await waiting.Entered.Task;
        return new Slot(this);
    }

    private void Leave()
    {
        lock (_gate)
        {
            while (_waiting.Count > 0)
            {
                // One that waits no longer is passed over.
                if (TakeNext().Entered.TrySetResult())
                {
                    return;
                }
            }

            _free++;
        }
    }

    private Waiting TakeNext()
    {
        var next = 0;
        if (++_granted % InTurnEvery != 0)
        {
            for (var i = 1; i < _waiting.Count; i++)
            {
                next = _waiting[i].Since < _waiting[next].Since ? i : next;
            }
        }

        var taken = _waiting[next];
        _waiting.RemoveAt(next);
        return taken;
    }

    private sealed class Slot(PageSlots slots) : IDisposable
    {
        public void Dispose() => slots.Leave();
    }

    private sealed class Waiting(DateTimeOffset since)
    {
        public DateTimeOffset Since { get; } = since;

        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
