using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;

namespace CubeFunctions.Core.Changes;

/// <summary>
/// Pages whose records are known, all of them and as they are now: the known records point to a page of the same bytes, and are as many as
/// it holds.
/// </summary>
internal sealed class KnownPages
{
    /// <summary>Readings whose manifests are looked at: those that most of the known records point to.</summary>
    private const int MaxSources = 2;

    /// <summary>A reading that began so many days after a person's erasure left that person's records out.</summary>
    private const int DaysAfterErasure = 2;

    private readonly StateEntry[] _entries;
    private readonly HashSet<int> _numbers = [];
    private readonly Dictionary<int, int> _records = [];

    /// <summary>By the number of a source, then by that of a page: whether it is one of them.</summary>
    private readonly bool[][] _isKnown;

    private KnownPages(ScopeState state) =>
        (_entries, _isKnown) = (state.Entries, [.. state.Sources.Select(static _ => Array.Empty<bool>())]);

    /// <summary>Numbers of the pages.</summary>
    public IReadOnlySet<int> Numbers => _numbers;

    /// <summary>Finds them.</summary>
    /// <param name="state">What is known.</param>
    /// <param name="days">The window's days; null for a snapshot.</param>
    /// <param name="pages">The pages that are looked for: their SHA-256 by their numbers.</param>
    /// <param name="erased">Whose records are left out; null where nobody's are.</param>
    /// <param name="findManifestAsync">Reads a manifest; null where it is gone.</param>
    public static async Task<KnownPages> FindAsync(
        ScopeState state,
        DayRange? days,
        IEnumerable<KeyValuePair<int, string>> pages,
        ErasedFilter? erased,
        Func<string, Task<WindowManifest?>> findManifestAsync
    )
    {
        var known = new KnownPages(state);
        if (!pages.Any())
        {
            return known;
        }

        var sources = CountBySource(state)
            .Index()
            .Where(source => DayRange.Of(state.Sources[source.Index].From, state.Sources[source.Index].To) == days)
            .OrderByDescending(source => source.Item)
            .Take(MaxSources);
        foreach (var (number, _) in sources)
        {
            var source = state.Sources[number];
            if (IsWithout(source, erased) && await findManifestAsync(source.Manifest) is { } manifest)
            {
                known.Add(number, manifest, pages);
            }
        }

        return known;
    }

    /// <summary>Takes a page out.</summary>
    public void Remove(int number)
    {
        if (_numbers.Remove(number))
        {
            foreach (var pages in _isKnown.Where(pages => number < pages.Length))
            {
                pages[number] = false;
            }
        }
    }

    /// <summary>Whether a known record is on one of the pages.</summary>
    public bool Holds(in StateEntry entry) => _isKnown[entry.Source] is var pages && entry.Page < pages.Length && pages[entry.Page];

    /// <summary>Hashes of the records' keys by page, as the proof takes them.</summary>
    public Dictionary<int, ulong[]> Keys()
    {
        var keys = _numbers.ToDictionary(static number => number, number => new ulong[_records[number]]);
        var size = _numbers.DefaultIfEmpty().Max() + 1;
        var (filled, pages) = (new int[size], new ulong[size][]);
        foreach (var (number, page) in keys)
        {
            pages[number] = page;
        }

        foreach (ref readonly var entry in _entries.AsSpan())
        {
            if (Holds(entry))
            {
                pages[entry.Page][filled[entry.Page]++] = entry.Key.High;
            }
        }

        return keys;
    }

    private void Add(int source, WindowManifest manifest, IEnumerable<KeyValuePair<int, string>> pages)
    {
        var counts = new int[manifest.Pages.Count + 1];
        foreach (ref readonly var entry in _entries.AsSpan())
        {
            if (entry.Source == source && entry.Page < counts.Length)
            {
                counts[entry.Page]++;
            }
        }

        _isKnown[source] = new bool[counts.Length];
        foreach (var (number, sha256) in pages)
        {
            if (
                number < counts.Length
                && manifest.Pages[number - 1].Sha256 == sha256
                && manifest.Pages[number - 1].Records == counts[number]
                && _numbers.Add(number)
            )
            {
                (_isKnown[source][number], _records[number]) = (true, counts[number]);
            }
        }
    }

    private static int[] CountBySource(ScopeState state)
    {
        var counts = new int[state.Sources.Count];
        foreach (ref readonly var entry in state.Entries.AsSpan())
        {
            counts[entry.Source]++;
        }

        return counts;
    }

    /// <summary>
    /// Whether a reading left the records out that are left out now. What it took over from earlier readings they left out: a person's
    /// record is not among them, so that its page holds more records than are known, and is parsed.
    /// </summary>
    private static bool IsWithout(StateSource source, ErasedFilter? erased) =>
        erased?.Tombstones.All(tombstone =>
            tombstone.ErasedAt.AddDays(DaysAfterErasure) <= DateOnly.FromDateTime(source.StartedAt.UtcDateTime)
        )
        ?? true;
}
