namespace CubeFunctions.Core.Changes;

/// <summary>Builds what is known after a window.</summary>
internal static class StateBuilder
{
    /// <summary>The next state, to be written over the one that was read.</summary>
    public static ScopeState Next(
        ScopeState state, StateEntry[] window, WindowComparison comparison, AbsenceOutcome outcome, StateSource source, DayRange? days, int keptFrom)
    {
        var postponed = outcome.Postponed.Where(change => change.New >= 0).Select(change => change.New).ToHashSet();
        var kept = outcome.Postponed.Where(change => change.Old >= 0).Select(change => change.Old).Concat(comparison.Untouched).Concat(outcome.Waiting);
        var sources = new SourceTable(state.Sources, source);
        var entries = kept.Any() || postponed.Count > 0 || outcome.Marked.Count > 0 || (days is not null && Array.Exists(window, entry => entry.Day < keptFrom))
            ? Merge(state, window, outcome, postponed, kept, sources, days is null ? int.MinValue : keptFrom)
            : window;
        return state with
        {
            Run = source.Run,
            Sources = sources.ToList(),
            Seen = days is { } range ? DayRange.Add(state.Seen, range) : [],
            KeptFrom = keptFrom,
            Entries = entries,
        };
    }

    private static StateEntry[] Merge(
        ScopeState state, StateEntry[] window, AbsenceOutcome outcome, HashSet<int> postponed, IEnumerable<int> kept, SourceTable sources, int keptFrom)
    {
        var entries = new List<StateEntry>(window.Length + state.Entries.Length);
        for (var i = 0; i < window.Length; i++)
        {
            if (!postponed.Contains(i) && window[i].Day >= keptFrom)
            {
                entries.Add(window[i] with { Source = SourceTable.Current });
            }
        }

        foreach (var old in kept.Where(old => state.Entries[old].Day >= keptFrom))
        {
            entries.Add(state.Entries[old] with { Source = sources.Renumber(state.Entries[old].Source) });
        }

        foreach (var old in outcome.Marked)
        {
            entries.Add(state.Entries[old] with { Source = sources.Renumber(state.Entries[old].Source), Flags = state.Entries[old].Flags | EntryFlags.Absent });
        }

        var sorted = entries.ToArray();
        Array.Sort(sorted);
        return sorted;
    }
}
