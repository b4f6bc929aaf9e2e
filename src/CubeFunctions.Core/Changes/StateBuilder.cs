namespace CubeFunctions.Core.Changes;

/// <summary>Builds what is known after a window.</summary>
internal static class StateBuilder
{
    /// <summary>
    /// The next state, to be written over the one that was read: its entries may be built in the place of those, which are not to be looked
    /// at afterwards.
    /// </summary>
    /// <param name="comparison">The window, compared.</param>
    /// <param name="outcome">What stays as it was.</param>
    /// <param name="source">The reading.</param>
    /// <param name="keptFrom">The first day whose records stay.</param>
    public static ScopeState Next(WindowComparison comparison, AbsenceOutcome outcome, StateSource source, int keptFrom)
    {
        var (state, days) = (comparison.Known, comparison.Days);
        var sources = new SourceTable(state.Sources, source);
        var firstDay = days is null ? int.MinValue : keptFrom;
        var others = Others(comparison, outcome, sources, firstDay);
        return state with
        {
            Run = source.Run,
            Entries = comparison.Same is { } same ? Replace(state.Entries, same, others, firstDay) : others,
            Sources = sources.ToList(),
            Seen = days is { } range ? DayRange.Add(state.Seen, range) : [],
            KeptFrom = keptFrom,
        };
    }

    /// <summary>
    /// Sorted, all that is known next but the records that the window has as they are known: those that were compared, and those that stay.
    /// </summary>
    private static StateEntry[] Others(WindowComparison comparison, AbsenceOutcome outcome, SourceTable sources, int firstDay)
    {
        var (known, window) = (comparison.Known.Entries, comparison.Window);
        var postponed = outcome.Postponed.Where(change => change.New >= 0).Select(change => change.New).ToHashSet();
        var kept = outcome
            .Postponed.Where(change => change.Old >= 0)
            .Select(change => change.Old)
            .Concat(comparison.Untouched)
            .Concat(outcome.Waiting)
            .ToList();
        if (
            comparison.Same is null
            && postponed.Count + kept.Count + outcome.Marked.Count == 0
            && !Array.Exists(window, entry => entry.Day < firstDay)
        )
        {
            // A first snapshot: of a million each copy counts.
            return window;
        }

        var others = new StateEntry[window.Length + kept.Count + outcome.Marked.Count];
        var count = 0;
        for (var i = 0; i < window.Length; i++)
        {
            if (!postponed.Contains(i))
            {
                Add(window[i]);
            }
        }

        foreach (var old in kept)
        {
            Add(known[old] with { Source = sources.Renumber(known[old].Source) });
        }

        foreach (var old in outcome.Marked)
        {
            Add(known[old] with { Source = sources.Renumber(known[old].Source), Flags = known[old].Flags.MarkAbsent(sources.ReadAt) });
        }

        Array.Resize(ref others, count);
        StateEntry.Sort(others);
        return others;

        void Add(in StateEntry entry)
        {
            others[count] = entry;
            count += entry.Day < firstDay ? 0 : 1;
        }
    }

    /// <summary>
    /// Puts others in the place of those known records that a window does not have as they are: of a million each copy counts.
    /// </summary>
    private static StateEntry[] Replace(StateEntry[] known, int[] same, StateEntry[] others, int firstDay)
    {
        var kept = 0;
        for (var i = 0; i < known.Length; i++)
        {
            kept += IsKept(i) ? 1 : 0;
        }

        var entries = kept + others.Length == known.Length ? known : new StateEntry[kept + others.Length];
        var last = -1;
        for (var i = 0; i < known.Length; i++)
        {
            if (IsKept(i))
            {
                entries[++last] = known[i].AsSeen(same[i]);
            }
        }

        for (int at = entries.Length - 1, next = others.Length - 1; next >= 0; at--)
        {
            entries[at] = last >= 0 && entries[last].CompareTo(others[next]) > 0 ? entries[last--] : others[next--];
        }

        return entries;

        bool IsKept(int index) => same[index] > 0 && known[index].Day >= firstDay;
    }
}
