using System.Runtime.InteropServices;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// Compares the records of a window with what is known, in one pass over both in the order of their keys. Pure: it reads and writes
/// nothing.
/// </summary>
/// <remarks>
/// Among records of equal keys those of equal content are matched first, whatever their order; what is left over is paired in the order of
/// content (one is the correction of the other), and what is left over then was added or is absent.
/// </remarks>
internal sealed class WindowComparison
{
    private readonly StateEntry[] _old;
    private readonly int[]? _same;
    private StateEntry[] _new;
    private readonly List<int> _olds = [];
    private readonly List<int> _news = [];

    /// <param name="state">What is known.</param>
    /// <param name="window">The window's records, sorted; their ordinals are filled in.</param>
    /// <param name="days">The window's days, or null for a snapshot.</param>
    /// <param name="baseline">Which records are read for the first time; null for none.</param>
    /// <param name="same">
    /// By the index of a known record: the page on which the window has it besides as it is known, else 0; it has no key with another in
    /// common. Null for none.
    /// </param>
    /// <param name="isGap">Whether the window is short of Cube's count: nothing follows from what it lacks.</param>
    public WindowComparison(
        ScopeState state,
        StateEntry[] window,
        DayRange? days,
        FirstReading? baseline = null,
        int[]? same = null,
        bool isGap = false
    )
    {
        (Known, Days, Baseline, _old, _new, _same, IsGap) = (state, days, baseline, state.Entries, window, same, isGap);
        int o = 0,
            n = 0;
        while (o < _old.Length || n < _new.Length)
        {
            if (o < _old.Length && same?[o] > 0)
            {
                IsAnyBack |= _old[o++].Flags.IsMarked();
                continue;
            }

            var order =
                o == _old.Length ? 1
                : n == _new.Length ? -1
                : _old[o].Key.CompareTo(_new[n].Key);
            int o2 = o,
                n2 = n;
            while (order <= 0 && o2 < _old.Length && _old[o2].Key == _old[o].Key)
            {
                o2++;
            }

            while (order >= 0 && n2 < _new.Length && _new[n2].Key == _new[n].Key)
            {
                n2++;
            }

            CompareGroup(o, o2, n, n2);
            (o, n) = (o2, n2);
        }
    }

    /// <summary>What is known.</summary>
    public ScopeState Known { get; }

    /// <summary>The window's records, without those that it has as they are known.</summary>
    public StateEntry[] Window => _new;

    /// <summary>By the index of a known record: the page on which the window has it as it is known, else 0; null for none.</summary>
    public int[]? Same => _same;

    /// <summary>The window's days, or null for a snapshot.</summary>
    public DayRange? Days { get; }

    /// <summary>Whether the window is short of Cube's count: nothing follows from what it lacks.</summary>
    public bool IsGap { get; }

    /// <summary>Which records are read for the first time; null for none.</summary>
    public FirstReading? Baseline { get; }

    /// <summary>Records that are read for the first time, by the days that a baseline line of theirs stands for.</summary>
    public Dictionary<DayRange, int> BaselineRecords { get; } = [];

    /// <summary>
    /// Whether a record that is read for the first time has the key of one that is known: a pointer to the pages would not say which is
    /// which.
    /// </summary>
    public bool IsMixed { get; private set; }

    /// <summary>Added and changed records; in dated feeds removed ones too. Without those of a baseline.</summary>
    public List<PlannedChange> Changes { get; } = [];

    /// <summary>Indexes of known records that a snapshot lacks.</summary>
    public List<int> Absent { get; } = [];

    /// <summary>Whether a record that was marked as absent is there again, as it was: its mark has to go.</summary>
    public bool IsAnyBack { get; private set; }

    /// <summary>Indexes of known records that the window says nothing of.</summary>
    public List<int> Untouched { get; } = [];

    /// <summary>Puts records that the window has as they are known behind the others, so that changes may be about them.</summary>
    public void Bring(Predicate<StateEntry> wanted)
    {
        var brought = Enumerable.Range(0, _same?.Length ?? 0).Where(i => _same![i] > 0 && wanted(_old[i])).ToList();
        _new = brought.Count == 0 ? _new : [.. _new, .. brought.Select(i => _old[i].AsSeen(_same![i]))];
        brought.ForEach(i => _same![i] = 0);
    }

    /// <summary>The known record that a change is about; default where there is none.</summary>
    public StateEntry Before(PlannedChange change) => change.Old >= 0 ? _old[change.Old] : default;

    /// <summary>The record of the window that a change is about; default where there is none.</summary>
    public StateEntry After(PlannedChange change) => change.New >= 0 ? _new[change.New] : default;

    /// <summary>The id of a change.</summary>
    public string IdOf(LineHeader header, PlannedChange change)
    {
        var (before, after) = (Before(change), After(change));
        return ChangeKeys.IdOf(header, change.Op, change.New >= 0 ? after : before, before.Content, after.Content);
    }

    private void CompareGroup(int o, int oEnd, int n, int nEnd)
    {
        _olds.Clear();
        _news.Clear();
        var first = n;
        while (o < oEnd || n < nEnd)
        {
            var order =
                o == oEnd ? 1
                : n == nEnd ? -1
                : _old[o].Content.CompareTo(_new[n].Content);
            if (order == 0)
            {
                _new[n] = _new[n] with { Ordinal = _old[o].Ordinal };
                IsAnyBack |= _old[o].Flags.IsMarked();
                (o, n) = (o + 1, n + 1);
            }
            else if (order < 0)
            {
                _olds.Add(o++);
            }
            else
            {
                _news.Add(n++);
            }
        }

        var paired = Math.Min(_olds.Count, _news.Count);
        for (var i = 0; i < paired; i++)
        {
            var (before, after) = (_olds[i], _news[i]);
            _new[after] = _new[after] with { Ordinal = _old[before].Ordinal };
            Changes.Add(new PlannedChange(OpOf(before, after), before, after));
        }

        foreach (var absent in CollectionsMarshal.AsSpan(_olds)[paired..])
        {
            AddAbsent(absent);
        }

        if (_old.Length == 0 && nEnd - first == 1)
        {
            // The usual record of a first snapshot, of which there may be a million.
            Add(first);
        }
        else if (_news.Count > paired)
        {
            AddNew(first, nEnd, paired, oEnd);
        }
    }

    private void AddAbsent(int old)
    {
        if (IsGap)
        {
            Untouched.Add(old);
        }
        else if (Days is not { } days)
        {
            Absent.Add(old);
        }
        else if (days.From <= _old[old].Day && _old[old].Day <= days.To)
        {
            Changes.Add(new PlannedChange(ChangeOp.Removed, old, -1));
        }
        else
        {
            Untouched.Add(old);
        }
    }

    /// <summary>Gives each the smallest ordinal that no record of its key has.</summary>
    private void AddNew(int first, int end, int paired, int oldEnd)
    {
        var taken = new HashSet<int>();
        var added = _news.Skip(paired).ToHashSet();
        for (var i = first; i < end; i++)
        {
            if (!added.Contains(i))
            {
                taken.Add(_new[i].Ordinal);
            }
        }

        // Known records of the key on days outside of the window.
        for (var i = oldEnd - 1; i >= 0 && _old[i].Key == _new[first].Key; i--)
        {
            taken.Add(_old[i].Ordinal);
        }

        // Ordinals of a baseline follow from its own records alone.
        var unread = Baseline is null ? 0 : added.Count(i => Baseline.Find(_new[i].Day) is not null);
        IsMixed |= unread > 0 && (taken.Count > 0 || unread < added.Count);

        var next = 0;
        foreach (var i in CollectionsMarshal.AsSpan(_news)[paired..])
        {
            while (!taken.Add(next))
            {
                next++;
            }

            _new[i] = _new[i] with { Ordinal = (ushort)next };
            Add(i);
        }
    }

    private void Add(int added)
    {
        if (Baseline?.Find(_new[added].Day) is { } days)
        {
            BaselineRecords[days] = BaselineRecords.GetValueOrDefault(days) + 1;
        }
        else
        {
            Changes.Add(new PlannedChange(Added, -1, added));
        }
    }

    private ChangeOp Added => Days is null ? ChangeOp.Created : ChangeOp.Recorded;

    private ChangeOp OpOf(int before, int after) =>
        Days is not null ? ChangeOp.Corrected
        : _new[after].Flags.HasFlag(EntryFlags.Anonymised) && !_old[before].Flags.HasFlag(EntryFlags.Anonymised) ? ChangeOp.Erased
        : ChangeOp.Updated;
}
