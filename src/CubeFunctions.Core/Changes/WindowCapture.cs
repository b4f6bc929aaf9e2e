using System.Buffers;
using System.Collections.Concurrent;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using CubeFunctions.Core.Sync;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// What a comparison needs of a window, kept while its pages come by: of a record that is as it is known its page, of others digests, and
/// the bytes of those that are not known, cut out of their pages. A page is read from storage again only where a claim died on the way, or
/// where it came by unparsed and the known records do not have it whole.
/// </summary>
internal sealed class WindowCapture(
    ChangeDetection detection,
    ObservedItem item,
    Window window,
    ScopeKnowledge knowledge,
    EarlierRecords earlier
) : IWindowObservation
{
    private readonly CapturedDigests _digests = new();

    /// <summary>Pages that were not parsed: their SHA-256.</summary>
    private readonly ConcurrentDictionary<int, string> _unparsed = new();
    private readonly Dictionary<(int Page, KeyHash Key, ulong Content), (long Start, int Length)> _kept = [];
    private readonly Lock _gate = new();
    private FileStream? _spool;
    private long _spooled;
    private SeenRecords? _seen;
    private KnownPages? _known;

    /// <summary>The window's days; null for a snapshot.</summary>
    public DayRange? Days { get; } = DayRange.Of(window.From, window.To);

    /// <inheritdoc />
    public async Task PageAsync(ObservedPage page, CancellationToken cancellationToken)
    {
        if (page.Records is not { } parsed)
        {
            _unparsed[page.Number] = page.Sha256;
            return;
        }

        var read = earlier.Records.Without(parsed, page.Bytes);
        _unparsed.TryRemove(page.Number, out _);
        if (page.IsUnchanged && item.IsCompared(window))
        {
            _digests.Set(page.Number, read.Digests);
            return;
        }

        var state = await knowledge.GetAsync(cancellationToken);
        var seen = SeenOf(state);
        if (_digests.Holds(page.Number))
        {
            seen.Remove(number => number == page.Number);
        }

        var first = FirstReading.Create(state, Days, item.Today);
        var others = ArrayPool<RecordDigest>.Shared.Rent(read.Digests.Length);
        var count = 0;
        for (var i = 0; i < read.Digests.Length; i++)
        {
            var digest = read.Digests[i];
            var (day, known) = (DayOf(digest), state.Find(digest.Key, digest.Content));
            if (known >= 0 && seen.TryAdd(known, digest, day, page.Number))
            {
                continue;
            }

            others[count++] = digest;
            if (known < 0 && first?.Find(day) is null)
            {
                Keep(page.Number, digest, read.Bounds[i].Of(page.Bytes.Span));
            }
        }

        _digests.Set(page.Number, count == read.Digests.Length ? read.Digests : others[..count]);
        ArrayPool<RecordDigest>.Shared.Return(others);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyCollection<int>> RecallAsync(UnparsedPages pages, CancellationToken cancellationToken)
    {
        earlier.Know(pages.ManifestPath, pages.Manifest);
        _known = await FindKnownAsync(await knowledge.GetAsync(cancellationToken), cancellationToken);
        foreach (var (number, keys) in _known.Keys())
        {
            pages.Keys[number] = keys;
        }

        return [.. pages.Numbers.Where(number => !_known.Numbers.Contains(number))];
    }

    /// <inheritdoc />
    public void Restart()
    {
        _digests.Clear();
        _unparsed.Clear();
        _known = null;
        lock (_gate)
        {
            _seen = null;
            _kept.Clear();
            _spool?.SetLength(0);
            _spooled = 0;
        }
    }

    /// <inheritdoc />
    public Task CompletedAsync(bool isGap, bool hasEarlierReading, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task<bool> IsIntactAsync(CancellationToken cancellationToken) => Task.FromResult(true);

    /// <inheritdoc />
    public Task StoredAsync(StoredWindow stored, CancellationToken cancellationToken) =>
        detection.CompareAsync(stored, this, cancellationToken);

    /// <summary>
    /// The window's records. Takes over what was kept of the pages; of those that were not parsed it is what is known, and those that did
    /// not come by are read from storage.
    /// </summary>
    public async Task<WindowRecords> EntriesAsync(ScopeState state, StoredWindow stored, CancellationToken cancellationToken)
    {
        var known = _known ?? await FindKnownAsync(state, cancellationToken);
        var pages = stored.Manifest.Pages;
        if (_seen?.IsOf(state) == false)
        {
            // What was seen is not among what is known now: the pages are read again.
            _digests.Clear();
            _seen = null;
        }

        var seen = SeenOf(state);
        var beyond = _digests.Pages.Where(number => number > pages.Count).ToList();
        beyond.ForEach(_digests.Remove);
        if (beyond.Count > 0)
        {
            seen.Remove(number => number > pages.Count);
        }

        foreach (var number in _unparsed.Keys.Where(number => number > pages.Count).Concat(_digests.Pages))
        {
            known.Remove(number);
        }

        seen.Add(known);
        var entries = new StateEntry[
            _digests.Count
                + seen.Again.Count
                + pages.Where((_, i) => !known.Numbers.Contains(i + 1) && !_digests.Holds(i + 1)).Sum(static page => page.Records)
        ];
        var count = 0;
        foreach (var entry in seen.Again)
        {
            entries[count++] = entry;
        }

        for (var number = 1; number <= pages.Count; number++)
        {
            if (_digests.Holds(number))
            {
                Add(_digests.Read(number), number);
            }
            else if (!known.Numbers.Contains(number))
            {
                using var page =
                    await earlier.FindPageAsync(stored.Result.Manifest, number, cancellationToken)
                    ?? throw new InvalidDataException($"A page of {item.Feed.Name} that a manifest names is gone.");
                Add(earlier.Records.Read(page.Bytes).Digests, number);
            }
        }

        (_known, _seen) = (null, null);
        _digests.Clear();
        StateEntry.Sort(entries.AsSpan(0, count));
        Array.Resize(ref entries, count);
        return seen.Join(entries);

        void Add(ReadOnlySpan<RecordDigest> digests, int number)
        {
            foreach (ref readonly var digest in digests)
            {
                // Records of days that the state no longer keeps were published already, unless the day was never read.
                var day = DayOf(digest);
                if (Days is null || day >= state.KeptFrom || !state.HasSeen(day))
                {
                    entries[count++] = new StateEntry(
                        digest.Key,
                        digest.Content,
                        digest.Alias,
                        day,
                        number,
                        0,
                        0,
                        digest.Anonymised ? EntryFlags.Anonymised : EntryFlags.None
                    );
                }
            }
        }
    }

    private SeenRecords SeenOf(ScopeState state)
    {
        lock (_gate)
        {
            return _seen ??= new(state);
        }
    }

    private Task<KnownPages> FindKnownAsync(ScopeState state, CancellationToken cancellationToken) =>
        KnownPages.FindAsync(state, Days, _unparsed, earlier.Records.Erased, path => earlier.FindManifestAsync(path, cancellationToken));

    /// <summary>The bytes of a record that was not known; null where it did not come by.</summary>
    public ReadOnlyMemory<byte>? Find(in StateEntry record)
    {
        lock (_gate)
        {
            if (!_kept.TryGetValue((record.Page, record.Key, record.Content), out var place))
            {
                return null;
            }

            var bytes = new byte[place.Length];
            _spool!.Position = place.Start;
            _spool.ReadExactly(bytes);
            return bytes;
        }
    }

    public void Dispose()
    {
        _spool?.Dispose();
        _digests.Dispose();
    }

    /// <summary>The day that a record is filed under: a record outside of the window's days counts on the nearest of them.</summary>
    private int DayOf(in RecordDigest digest) => Days is { } days ? Math.Clamp(digest.Day, days.From, days.To) : 0;

    private void Keep(int page, in RecordDigest digest, ReadOnlySpan<byte> record)
    {
        lock (_gate)
        {
            _spool ??= TempFile.Create();
            _spool.Position = _spooled;
            _spool.Write(record);
            _kept[(page, digest.Key, digest.Content)] = (_spooled, record.Length);
            _spooled += record.Length;
        }
    }
}
