using CubeFunctions.Core.Cube;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// Which known records a window has as they are known, and on which of its pages: four bytes a known record. Nothing else is kept of one
/// that has not changed.
/// </summary>
internal sealed class SeenRecords(ScopeState state)
{
    private readonly StateEntry[] _entries = state.Entries;
    private readonly int[] _pages = new int[state.Entries.Length];

    /// <summary>Records that were seen on a second page.</summary>
    private readonly List<StateEntry> _again = [];

    /// <summary>Records to be compared besides those that were not noted here.</summary>
    public IReadOnlyList<StateEntry> Again => _again;

    /// <summary>Whether these are the records of a state.</summary>
    public bool IsOf(ScopeState other) => ReferenceEquals(_entries, other.Entries);

    /// <summary>Notes a record; several tasks may do so at once.</summary>
    /// <param name="known">Index of the known record of its key and content.</param>
    /// <param name="digest">The record.</param>
    /// <param name="day">The day that it is filed under.</param>
    /// <param name="page">Its page.</param>
    /// <returns>False where it is to be compared: it is not quite as it is known, or was noted before.</returns>
    public bool TryAdd(int known, in RecordDigest digest, int day, int page)
    {
        ref readonly var entry = ref _entries[known];
        return entry.Day == day
            && entry.Alias == digest.Alias
            && entry.Flags.HasFlag(EntryFlags.Anonymised) == digest.Anonymised
            && Interlocked.CompareExchange(ref _pages[known], page, 0) == 0;
    }

    /// <summary>Notes the records of pages that are known whole.</summary>
    public void Add(KnownPages known)
    {
        for (var i = 0; i < _pages.Length && known.Numbers.Count > 0; i++)
        {
            if (known.Holds(_entries[i]))
            {
                if (_pages[i] != 0)
                {
                    _again.Add(_entries[i].AsSeen(_pages[i]));
                }

                _pages[i] = _entries[i].Page;
            }
        }
    }

    /// <summary>Takes pages out.</summary>
    public void Remove(Predicate<int> isGone)
    {
        foreach (ref var page in _pages.AsSpan())
        {
            page = page != 0 && isGone(page) ? 0 : page;
        }
    }

    /// <summary>
    /// The records of a window that has these and others. Of these only those are compared whose keys occur elsewhere too.
    /// </summary>
    /// <param name="others">The others, sorted.</param>
    public WindowRecords Join(StateEntry[] others)
    {
        if (_entries.Length == 0)
        {
            return new(others, null);
        }

        var repeated = new List<StateEntry>();
        var next = 0;
        for (int start = 0, end; start < _pages.Length; start = end)
        {
            var key = _entries[start].Key;
            var seen = 0;
            for (end = start; end < _pages.Length && _entries[end].Key == key; end++)
            {
                seen += _pages[end] != 0 ? 1 : 0;
            }

            while (next < others.Length && others[next].Key.CompareTo(key) < 0)
            {
                next++;
            }

            if (seen == 0 || (seen == end - start && (next == others.Length || others[next].Key != key)))
            {
                continue;
            }

            for (var i = start; i < end; i++)
            {
                if (_pages[i] != 0)
                {
                    repeated.Add(_entries[i].AsSeen(_pages[i]));
                    _pages[i] = 0;
                }
            }
        }

        if (repeated.Count == 0)
        {
            return new(others, _pages);
        }

        StateEntry[] all = [.. others, .. repeated];
        StateEntry.Sort(all);
        return new(all, _pages);
    }
}
