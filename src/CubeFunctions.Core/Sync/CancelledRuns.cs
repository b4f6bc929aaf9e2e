using System.Collections.Concurrent;
using CubeFunctions.Core.Storage;

namespace CubeFunctions.Core.Sync;

/// <summary>
/// Notices, while items of a run are in hand, that a person has cancelled it: one read every few seconds for a run and process, none for
/// items that end sooner.
/// </summary>
internal sealed class CancelledRuns(RunStore runs, TimeProvider time)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(3);
    private readonly ConcurrentDictionary<string, CachedValue<bool>> _known = new(StringComparer.Ordinal);

    /// <summary>Begins to look.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">Cancels the watch's token as well.</param>
    public Watch Begin(string runId, CancellationToken cancellationToken) =>
        new(
            _known.GetOrAdd(runId, id => new((_, token) => runs.IsCancelledAsync(id, token), LookEvery, time)),
            () => _known.TryRemove(runId, out _),
            time,
            cancellationToken
        );

    /// <summary>Watches one run for one item.</summary>
    internal sealed class Watch : IAsyncDisposable
    {
        private readonly CancellationTokenSource _work;
        private readonly CancellationTokenSource _stop = new();
        private readonly Action _end;
        private readonly Task _looking;

        internal Watch(CachedValue<bool> isCancelled, Action end, TimeProvider time, CancellationToken cancellationToken)
        {
            _end = end;
            _work = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _looking = LookAsync(isCancelled, time);
        }

        /// <summary>Cancelled with the run.</summary>
        public CancellationToken Token => _work.Token;

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _looking;
            _end();
            _stop.Dispose();
            _work.Dispose();
        }

        private async Task LookAsync(CachedValue<bool> isCancelled, TimeProvider time)
        {
            using var timer = new PeriodicTimer(LookEvery, time);
            using var ends = timer.EndWith(_stop.Token);
            try
            {
                while (await timer.WaitForNextTickAsync(CancellationToken.None))
                {
                    try
                    {
                        if ((await isCancelled.GetAsync(_stop.Token)).Value)
                        {
                            await _work.CancelAsync();
                            return;
                        }
                    }
                    catch (Exception exception) when (StorageErrors.IsTrouble(exception, _stop.Token))
                    {
                        // Storage is away: at the next look.
                    }
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // The item is done.
            }
        }
    }
}
