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
        var (state, window, days) = (comparison.Known, comparison.Window, comparison.Days);
        var postponed = outcome.Postponed.Where(change => change.New >= 0).Select(change => change.New).ToHashSet();
        var kept = outcome
            .Postponed.Where(change => change.Old >= 0)
            .Select(change => change.Old)
            .Concat(comparison.Untouched)
            .Concat(outcome.Waiting)
            .ToList();
        var sources = new SourceTable(state.Sources, source);
        var isWhole =
            kept.Count == 0
            && postponed.Count == 0
            && outcome.Marked.Count == 0
            && !(days is not null && window.Concat(SameOf(comparison)).Any(entry => entry.Day < keptFrom));
        var entries = isWhole
            ? comparison.Same is { } same
                ? Replace(state.Entries, same, window)
                : window
            : [.. Merge(comparison, outcome, postponed, kept, sources).Where(entry => days is null || entry.Day >= keptFrom)];
        if (!isWhole)
        {
            StateEntry.Sort(entries);
        }

        return state with
        {
            Run = source.Run,
            Entries = entries,
            Sources = sources.ToList(),
            Seen = days is { } range ? DayRange.Add(state.Seen, range) : [],
            KeptFrom = keptFrom,
        };
    }

    /// <summary>Records that the window has as they are known.</summary>
    private static IEnumerable<StateEntry> SameOf(WindowComparison comparison)
    {
        for (var i = 0; i < comparison.Same?.Length; i++)
        {
            if (comparison.Same[i])
            {
                yield return comparison.Known.Entries[i].AsSeen();
            }
        }
    }

    /// <summary>
    /// Puts a window's records in the place of the known ones that it does not have as they are: of a million each copy counts.
    /// </summary>
    private static StateEntry[] Replace(StateEntry[] known, bool[] same, StateEntry[] window)
    {
        var last = -1;
        for (var i = 0; i < known.Length; i++)
        {
            if (same[i])
            {
                known[++last] = known[i].AsSeen();
            }
        }

        // A change may be about one that was the same, behind the others.
        StateEntry.Sort(window);
        var entries = known;
        if (last + 1 + window.Length != known.Length)
        {
            entries = new StateEntry[last + 1 + window.Length];
            known.AsSpan(0, last + 1).CopyTo(entries);
        }

        for (int at = entries.Length - 1, next = window.Length - 1; next >= 0; at--)
        {
            entries[at] = last >= 0 && entries[last].CompareTo(window[next]) > 0 ? entries[last--] : window[next--];
        }

        return entries;
    }

    private static IEnumerable<StateEntry> Merge(
        WindowComparison comparison,
        AbsenceOutcome outcome,
        HashSet<int> postponed,
        List<int> kept,
        SourceTable sources
    )
    {
        var (state, window) = (comparison.Known, comparison.Window);
        for (var i = 0; i < window.Length; i++)
        {
            if (!postponed.Contains(i))
            {
                yield return window[i] with
                {
                    Source = SourceTable.Current,
                };
            }
        }

        foreach (var entry in SameOf(comparison))
        {
            yield return entry;
        }

        foreach (var old in kept)
        {
            yield return state.Entries[old] with
            {
                Source = sources.Renumber(state.Entries[old].Source),
            };
        }

        foreach (var old in outcome.Marked)
        {
            var entry = state.Entries[old];
            yield return entry with
            {
                Source = sources.Renumber(entry.Source),
                Flags = entry.Flags.MarkAbsent(sources.ReadAt),
            };
        }
    }
}
