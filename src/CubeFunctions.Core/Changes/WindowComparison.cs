using System.Runtime.InteropServices;

namespace CubeFunctions.Core.Changes;

/// <summary>Compares the records of a window with what is known, in one pass over both in the order of their keys. Pure: it reads and writes nothing.</summary>
/// <remarks>
/// Among records of equal keys those of equal content are matched first, whatever their order; what is left over is paired in the order of content
/// (one is the correction of the other), and what is left over then was added or is absent.
/// </remarks>
internal sealed class WindowComparison
{
    private readonly StateEntry[] _old;
    private readonly StateEntry[] _new;
    private readonly DayRange? _days;
    private readonly List<int> _olds = [];
    private readonly List<int> _news = [];

    /// <param name="state">What is known.</param>
    /// <param name="window">The window's records, sorted; their ordinals are filled in.</param>
    /// <param name="days">The window's days, or null for a snapshot.</param>
    public WindowComparison(ScopeState state, StateEntry[] window, DayRange? days)
    {
        (_old, _new, _days) = (state.Entries, window, days);
        int o = 0, n = 0;
        while (o < _old.Length || n < _new.Length)
        {
            var order = o == _old.Length ? 1 : n == _new.Length ? -1 : _old[o].Key.CompareTo(_new[n].Key);
            int o2 = o, n2 = n;
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

    /// <summary>Added and changed records; in dated feeds removed ones too.</summary>
    public List<PlannedChange> Changes { get; } = [];

    /// <summary>Indexes of known records that a snapshot lacks.</summary>
    public List<int> Absent { get; } = [];

    /// <summary>Indexes of known records that the window says nothing of.</summary>
    public List<int> Untouched { get; } = [];

    private void CompareGroup(int o, int oEnd, int n, int nEnd)
    {
        _olds.Clear();
        _news.Clear();
        var first = n;
        while (o < oEnd || n < nEnd)
        {
            var order = o == oEnd ? 1 : n == nEnd ? -1 : _old[o].Content.CompareTo(_new[n].Content);
            if (order == 0)
            {
                _new[n] = _new[n] with { Ordinal = _old[o].Ordinal };
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
            Changes.Add(new PlannedChange(Added, -1, first));
        }
        else if (_news.Count > paired)
        {
            AddNew(first, nEnd, paired, oEnd);
        }
    }

    private void AddAbsent(int old)
    {
        if (_days is not { } days)
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

        var next = 0;
        foreach (var i in CollectionsMarshal.AsSpan(_news)[paired..])
        {
            while (!taken.Add(next))
            {
                next++;
            }

            _new[i] = _new[i] with { Ordinal = (ushort)next };
            Changes.Add(new PlannedChange(Added, -1, i));
        }
    }

    private ChangeOp Added => _days is null ? ChangeOp.Created : ChangeOp.Recorded;

    private ChangeOp OpOf(int before, int after) =>
        _days is not null ? ChangeOp.Corrected
        : _new[after].Flags.HasFlag(EntryFlags.Anonymised) && !_old[before].Flags.HasFlag(EntryFlags.Anonymised) ? ChangeOp.Erased
        : ChangeOp.Updated;
}
