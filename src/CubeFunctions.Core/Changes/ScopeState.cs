using Azure;
using CubeFunctions.Core.Cube;

namespace CubeFunctions.Core.Changes;

/// <summary>What is known of a scope and feed.</summary>
internal sealed record ScopeState
{
    /// <summary>Looks for a record that go by its hash; the rest halve what is left.</summary>
    private const int MaxGuesses = 8;

    /// <summary>Nothing yet.</summary>
    public static ScopeState Empty { get; } = new();

    /// <summary>The run and the claim that wrote it; empty where nothing is known.</summary>
    public string Run { get; init; } = "";

    /// <summary>
    /// The run and the claim that wrote what was read from storage: change lines published until the next write have this basis.
    /// </summary>
    public string Basis { get; init; } = "";

    /// <summary>Readings that were compared, and those that entries point to.</summary>
    public IReadOnlyList<StateSource> Sources { get; init; } = [];

    /// <summary>Days of a dated feed that were reported once, as ranges that do not touch.</summary>
    public IReadOnlyList<DayRange> Seen { get; init; } = [];

    /// <summary>
    /// The tenant's day on which the scope and feed was first read, as <see cref="DateOnly.DayNumber"/>; 0 where nothing is known or the
    /// file is older.
    /// </summary>
    public int FirstDay { get; init; }

    /// <summary>The last day that a first reading may have held: of an earlier file's scope the last day that was read.</summary>
    public int FirstReadDay => FirstDay > 0 ? FirstDay : Seen.Select(range => range.To).DefaultIfEmpty(0).Max();

    /// <summary>Whether nothing was ever compared. A first snapshot is known even where it is empty: customers after it are new.</summary>
    public bool IsFirst => Basis.Length == 0;

    /// <summary>The first day whose records are still among the entries; those of older days were dropped.</summary>
    public int KeptFrom { get; init; }

    /// <summary>The records, sorted by key hash, content hash, ordinal.</summary>
    public StateEntry[] Entries { get; init; } = [];

    /// <summary>Of the blob that it was read from; default where there was none.</summary>
    public ETag ETag { get; init; }

    /// <summary>The index of a record of this key and content, or -1.</summary>
    public int Find(KeyHash key, ulong content)
    {
        int low = 0,
            high = Entries.Length - 1;
        ulong from = 0,
            to = ulong.MaxValue;
        for (var look = 0; low <= high; look++)
        {
            // Hashes are spread evenly, so that one says nearly where it is.
            var share = look < MaxGuesses ? (double)(key.High - from) / (to - from) : 0.5;
            var middle = share is >= 0 and <= 1 ? low + (int)(share * (high - low)) : (low + high) >>> 1;
            ref readonly var entry = ref Entries[middle];
            var order = entry.Key.CompareTo(key);
            order = order != 0 ? order : entry.Content.CompareTo(content);
            if (order == 0)
            {
                return middle;
            }

            (low, high, from, to) = order < 0 ? (middle + 1, high, entry.Key.High, to) : (low, middle - 1, from, entry.Key.High);
        }

        return -1;
    }

    /// <summary>
    /// Days of a window that are read for the first time and lie no later than the first reading: their records are a baseline. A later day
    /// is news, also where it
    /// was missed.
    /// </summary>
    /// <param name="days">The window's days.</param>
    /// <param name="today">The tenant's day now.</param>
    public IReadOnlyList<DayRange> Unread(DayRange days, int today)
    {
        var last = IsFirst ? today : FirstReadDay;
        var unread = (IReadOnlyList<DayRange>)[];
        for (var day = days.From; day <= Math.Min(days.To, last); day++)
        {
            unread = HasSeen(day) ? unread : DayRange.Add(unread, new DayRange(day, day));
        }

        return unread;
    }

    /// <summary>The first day with records that were absent and that a later look has to confirm; null where there are none.</summary>
    public DateOnly? FindFirstAbsentDay()
    {
        var first = int.MaxValue;
        foreach (ref readonly var entry in Entries.AsSpan())
        {
            first = entry.Flags.IsMarked() ? Math.Min(first, entry.Day) : first;
        }

        return first == int.MaxValue ? null : DateOnly.FromDayNumber(first);
    }

    /// <summary>Whether a day was reported before.</summary>
    public bool HasSeen(int day) => Seen.Any(range => range.From <= day && day <= range.To);
}
