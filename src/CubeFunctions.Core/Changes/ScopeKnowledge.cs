using System.Globalization;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// What is known of one claimed item's scope and feed: read once, when it is needed, and written once, by <see cref="CommitAsync"/>.
/// </summary>
internal sealed class ScopeKnowledge(ChangeStore store, ObservedItem item, SyncSettings sync) : IDisposable
{
    /// <summary>Days before the look-back that a dated feed's state keeps.</summary>
    internal const int Margin = 7;

    /// <summary>Entries point to pages younger than this, so that the lifecycle rules do not remove pages that are needed.</summary>
    private static readonly TimeSpan OldestSource = TimeSpan.FromDays(7);

    // The first claim there ever was finds nothing: the write says when that was wrong.
    private readonly bool _isFirstClaim = item.Attempt == 1;
    private readonly SemaphoreSlim _gate = new(1);
    private ScopeState? _state;
    private bool _differs;

    /// <summary>What is known now, where it was needed; else null.</summary>
    public ScopeState? Read => _state;

    /// <summary>What is known now.</summary>
    public async Task<ScopeState> GetAsync(CancellationToken cancellationToken)
    {
        if (_state is { } known)
        {
            return known;
        }

        await _gate.WaitAsync(cancellationToken);
        try
        {
            return _state ??= _isFirstClaim ? ScopeState.Empty : await ReadAsync(cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Reads what is known; nothing where it is from before the deployment moved over to another generation of the API.</summary>
    private async Task<ScopeState> ReadAsync(CancellationToken cancellationToken)
    {
        var state = await store.ReadStateAsync(item.Feed, item.Scope, cancellationToken);
        return item.AnewSince is { } since && state.Sources.All(source => source.At < since)
            ? ScopeState.Empty with
            {
                ETag = state.ETag,
            }
            : state;
    }

    /// <summary>Takes a window in: what is known differs, or was last seen in pages that will not be there much longer.</summary>
    /// <param name="comparison">The window, compared with what <see cref="GetAsync"/> gave.</param>
    /// <param name="outcome">What came of it.</param>
    /// <param name="source">The reading.</param>
    public void Learn(WindowComparison comparison, AbsenceOutcome outcome, StateSource source)
    {
        var state = comparison.Known;
        if (
            comparison.Changes.Count == 0
            && comparison.BaselineRecords.Count == 0
            && outcome.Marked.Count == 0
            && !comparison.IsAnyBack
            && !IsAged(state, source.At)
            && !state.IsFirst
        )
        {
            return;
        }

        _state = StateBuilder.Next(comparison, outcome, source, KeptFrom(state)) with
        {
            FirstDay = state.IsFirst ? item.Today.DayNumber : state.FirstReadDay,
        };
        _differs = true;
    }

    /// <summary>Writes what is known where it differs.</summary>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        if (!_differs)
        {
            return;
        }

        // Two runs may cross on a scope, each in several claims: only run and claim together name one state.
        var named = _state! with
        {
            Run = string.Create(CultureInfo.InvariantCulture, $"{item.RunId}/{item.Attempt}"),
        };
        _state = await store.WriteStateAsync(item.Feed, item.Scope, named, cancellationToken) with { Basis = named.Run };
        _differs = false;
    }

    public void Dispose() => _gate.Dispose();

    private static bool IsAged(ScopeState state, DateTimeOffset now) =>
        state.Entries.Length > 0 && state.Sources.Max(source => source.At) < now - OldestSource;

    private int KeptFrom(ScopeState state)
    {
        if (!item.Feed.Dated || item.Through is not { } through)
        {
            return state.KeptFrom;
        }

        var open = Math.Min(through.DayNumber, item.Today.DayNumber);
        return Math.Max(state.KeptFrom, open - sync.LongestLookbackDays - Margin);
    }
}
