using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;
using Microsoft.Extensions.Logging;

namespace CubeFunctions.Core.Changes;

/// <summary>Change detection over the windows of one claimed item. What is known is read once, when it is needed, and written once, by <see cref="CommitAsync"/>.</summary>
internal sealed partial class ChangeDetection : IItemObservation
{
    /// <summary>Entries point to pages younger than this, so that the lifecycle rules do not remove pages that are needed.</summary>
    private static readonly TimeSpan OldestSource = TimeSpan.FromDays(7);

    /// <summary>The claims of a new scope that ask for tombstones: one that was set while the scope came about names it nowhere.</summary>
    private const int FirstClaims = 4;

    private readonly SemaphoreSlim _comparing;
    private readonly ObservedItem _item;
    private readonly Feed _feed;
    private readonly Scope _scope;
    private readonly ChangeStore _store;
    private readonly DeletionCheck _deletions;
    private readonly IEnumerable<IChangeFileObserver> _publishing;
    private readonly ErasedPersons _erased;
    private readonly SyncSettings _sync;
    private readonly ILogger _logger;
    private readonly RecordScanner _scanner;
    private readonly EarlierRecords _earlier;
    private readonly ChangeFile _file;
    private readonly UndoneWrites? _undone;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly List<(Window Window, bool Settled)> _compared = [];
    private ScopeState? _state;
    private readonly bool _first;
    private bool _heldBack;
    private int _left;
    private bool _dirty;

    public ChangeDetection(
        SemaphoreSlim comparing, ObservedItem item, ChangeStore store, RawStore raw, DeletionCheck deletions, CustomerLookup customers, Echoes echoes, IEnumerable<IChangeFileObserver> publishing,
        ErasedPersons erased, ChangeSettings settings, SyncSettings sync, ILogger logger)
    {
        (_item, _feed, _scope, _store, _deletions, _publishing, _erased, _sync, _logger) =
            (item, item.Feed, item.Scope, store, deletions, publishing, erased, sync, logger);
        _comparing = comparing;
        _first = item.Attempt == 1;
        _scanner = new RecordScanner(_feed, new ContentRules(_feed, settings));
        _earlier = new EarlierRecords(raw, _scanner);
        _file = new ChangeFile(item, store, _scanner, _earlier, customers.For(item), echoes);
        _undone = _feed == FeedCatalogue.Customers ? echoes.UndoneOf(item.Scope.Id, _earlier, _scanner) : null;
    }

    /// <summary>Finds out whose records are left out. Before the first window.</summary>
    /// <remarks>Costs nothing where nobody was ever erased: that is asked while nothing is proven yet, and from then on the row tells it.</remarks>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (_item.ErasedAt is not null || !_item.HasReadings || _item.Attempt <= FirstClaims)
        {
            _scanner.Erased = await _erased.ForAsync(_feed, _item.Assignment, _item.RunId, _item.ErasedAt, cancellationToken);
            _item.ErasedAt ??= _scanner.Erased?.ReadAt;
        }
    }

    /// <inheritdoc />
    public IWindowObservation BeginWindow(Window window) => new WindowCapture(this, _item, window, _scanner, KnownAsync);

    /// <summary>Compares a window that is stored, and writes its change file.</summary>
    public async Task CompareAsync(StoredWindow stored, WindowCapture capture, CancellationToken cancellationToken)
    {
        if (stored.Result.Proof == Proof.None || (stored.Result.Unchanged && _item.IsCompared(stored.Result.Window)))
        {
            return;
        }

        await _comparing.WaitAsync(cancellationToken);
        try
        {
            await CompareWindowAsync(stored, capture, cancellationToken);
        }
        finally
        {
            _comparing.Release();
        }
    }

    private async Task CompareWindowAsync(StoredWindow stored, WindowCapture capture, CancellationToken cancellationToken)
    {
        var (result, manifest) = (stored.Result, stored.Manifest);
        var state = await KnownAsync(cancellationToken);
        if (IsCompared(state, result.Window, stored.ReadAt))
        {
            _compared.Add((result.Window, false));
            return;
        }

        _earlier.Know(result.Manifest, manifest);
        var days = result.From is { } from && result.To is { } to ? new DayRange(from.DayNumber, to.DayNumber) : (DayRange?)null;
        var source = new StateSource(result.Manifest, result.From, result.To, stored.ReadAt, _item.RunId, stored.StartedAt);
        var window = await EntriesAsync(state, manifest, result.Manifest, capture, days, cancellationToken);
        capture.ForgetDigests();
        var comparison = new WindowComparison(state, window, days);
        var outcome = await SettleAbsencesAsync(state, comparison, cancellationToken);
        if (_undone is not null && !IsFirst(state))
        {
            outcome.Undone = await _undone.FindAsync(state, window, comparison.Changes, capture, stored, cancellationToken);
            comparison.Changes.AddRange(outcome.Undone.Keys);
        }

        if (await _file.WriteAsync(state, window, comparison.Changes, outcome, capture, stored, cancellationToken) is { } published)
        {
            foreach (var observer in _publishing)
            {
                await observer.PublishedAsync(_item, result.Window, published, IsFirst(state), cancellationToken);
            }
        }

        _left += outcome.Waiting.Count + outcome.Marked.Count;
        var settled = outcome.Waiting.Count == 0 && outcome.Marked.Count == 0 && outcome.Postponed.Count == 0;
        if (comparison.Changes.Count > 0 || outcome.Marked.Count > 0 || IsAged(state, stored.ReadAt) || IsFirst(state))
        {
            _state = StateBuilder.Next(state, window, comparison, outcome, source, days, KeptFrom(state));
            _dirty = true;
        }

        if (_feed == FeedCatalogue.Customers && !outcome.HeldBack && _scanner.Erased is { } erased)
        {
            await _erased.SettleAsync(erased, stored.ReadAt, _sync.LongestLookbackDays + ChangeDetector.Margin, cancellationToken);
        }

        _compared.Add((result.Window, settled));
        if (comparison.Changes.Count > 0)
        {
            LogChanges(_logger, _feed.Name, _scope.KindName, _scope.Id, result.Window.Name, comparison.Changes.Count);
        }
    }

    /// <summary>All windows of the item are compared.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        if (!_heldBack)
        {
            await _deletions.SettleAsync(_feed, _item, _left, cancellationToken);
        }
    }

    /// <summary>Makes what was compared last: writes the state where it differs, then notes in the checkpoint's row that the readings are settled.</summary>
    /// <remarks>Before anything says that the windows are done.</remarks>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        if (_dirty)
        {
            // Two runs may cross on a scope, each in several claims: only run and claim together name one state.
            var named = _state! with { Run = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{_item.RunId}/{_item.Attempt}") };
            _state = await _store.WriteStateAsync(_feed, _scope, named, cancellationToken);
            _dirty = false;
        }

        if (_undone is not null)
        {
            await _undone.ForgetAsync(cancellationToken);
        }

        foreach (var (window, settled) in _compared)
        {
            _item.NoteCompared(window, settled);
        }

        _compared.Clear();
    }

    public void Dispose() => _gate.Dispose();

    private async Task<ScopeState> KnownAsync(CancellationToken cancellationToken)
    {
        if (_state is { } known)
        {
            return known;
        }

        await _gate.WaitAsync(cancellationToken);
        try
        {
            // The first claim there ever was finds nothing: the write says when that was wrong.
            return _state ??= !_first ? await _store.ReadStateAsync(_feed, _scope, cancellationToken) : ScopeState.Empty;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>A window is compared once a run; and one that was read before another that is compared already tells nothing new.</summary>
    private bool IsCompared(ScopeState state, Window window, DateTimeOffset readAt) => state.Sources.Any(source =>
        (source.Run == _item.RunId && source.From == window.From && source.To == window.To)
        || (source.At > readAt && (source.From is null || (source.From <= window.To && source.To >= window.From))));

    private async Task<StateEntry[]> EntriesAsync(
        ScopeState state, WindowManifest manifest, string manifestPath, WindowCapture capture, DayRange? days, CancellationToken cancellationToken)
    {
        var entries = new StateEntry[manifest.Records];
        var count = 0;
        for (var number = 1; number <= manifest.Pages.Count; number++)
        {
            if (capture.Page(number) is not { } digests)
            {
                using var page = await _earlier.FindPageAsync(manifestPath, number, cancellationToken)
                    ?? throw new InvalidDataException($"A page of {_feed.Name} that a manifest names is gone.");
                digests = _scanner.Digest(page.Bytes.Span);
            }

            foreach (var digest in digests)
            {
                var day = days is { } range ? Math.Clamp(digest.Day, range.From, range.To) : 0;

                // Records of days that the state no longer keeps were told already, unless the day was never read.
                if (days is null || day >= state.KeptFrom || !state.HasSeen(day))
                {
                    entries[count++] = new StateEntry(digest.Key, digest.Content, digest.Alias, day, number, 0, 0, digest.Anonymised ? EntryFlags.Anonymised : EntryFlags.None);
                }
            }
        }

        Array.Resize(ref entries, count);
        Array.Sort(entries);
        return entries;
    }

    private async Task<AbsenceOutcome> SettleAbsencesAsync(ScopeState state, WindowComparison comparison, CancellationToken cancellationToken)
    {
        var outcome = new AbsenceOutcome();
        var absent = comparison.Absent;
        var removed = comparison.Changes.FindAll(change => change.Op == ChangeOp.Removed);
        await _deletions.CheckAsync(_feed, _item, absent.Count + removed.Count, state.Entries.Length, outcome, cancellationToken);
        if (outcome.HeldBack)
        {
            // Of dated feeds as well: a lost permission empties days.
            comparison.Changes.RemoveAll(change => change.Op == ChangeOp.Removed);
            outcome.Waiting.AddRange(absent.Concat(removed.Select(change => change.Old)));
            _heldBack = true;
            return outcome;
        }

        if (absent.Count == 0)
        {
            return outcome;
        }

        var records = new Dictionary<int, string>();
        if (_feed == FeedCatalogue.Customers)
        {
            await _earlier.ReadAsync(state, absent, (index, record, _) =>
            {
                if (_deletions.IdOf(record.Span) is { } id)
                {
                    records[index] = id;
                }
            }, cancellationToken);
        }

        var gone = records.Count == 0 ? new HashSet<int>() : await _deletions.GoneAsync(_scope, records, cancellationToken);
        foreach (var index in absent)
        {
            if (records.ContainsKey(index) ? gone.Contains(index) : state.Entries[index].Flags.HasFlag(EntryFlags.Absent))
            {
                comparison.Changes.Add(new PlannedChange(ChangeOp.Deleted, index, -1));
            }
            else if (records.ContainsKey(index) || state.Entries[index].Flags.HasFlag(EntryFlags.Absent))
            {
                outcome.Waiting.Add(index);
            }
            else
            {
                outcome.Marked.Add(index);
            }
        }

        return outcome;
    }

    /// <summary>Whether nothing is known yet. A first snapshot is known even where it is empty: who comes after it is new.</summary>
    private bool IsFirst(ScopeState state) => !_feed.Dated && state.Basis.Length == 0;

    private static bool IsAged(ScopeState state, DateTimeOffset now) => state.Entries.Length > 0 && state.Sources.Max(source => source.At) < now - OldestSource;

    private int KeptFrom(ScopeState state)
    {
        if (!_feed.Dated || _item.Through is not { } through)
        {
            return state.KeptFrom;
        }

        var open = Math.Min(through.DayNumber, _item.Today.DayNumber);
        return Math.Max(state.KeptFrom, open - _sync.LongestLookbackDays - ChangeDetector.Margin);
    }

    [LoggerMessage(310, LogLevel.Information, "{Feed} of {ScopeKind} {ScopeId}, window {Window}: {Count} changes")]
    private static partial void LogChanges(ILogger logger, string feed, string scopeKind, string scopeId, string window, int count);
}
