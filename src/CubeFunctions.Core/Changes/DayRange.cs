namespace CubeFunctions.Core.Changes;

/// <summary>Days, first and last included, as <see cref="DateOnly.DayNumber"/>.</summary>
internal readonly record struct DayRange(int From, int To)
{
    /// <summary>The days of a window or a reading; null for a snapshot, which has none.</summary>
    public static DayRange? Of(DateOnly? from, DateOnly? to) =>
        (from, to) is ({ } first, { } last) ? new DayRange(first.DayNumber, last.DayNumber) : null;

    /// <summary>Adds days to ranges, and joins those that touch.</summary>
    public static IReadOnlyList<DayRange> Add(IReadOnlyList<DayRange> ranges, DayRange days)
    {
        var joined = new List<DayRange>();
        foreach (var range in ranges.Append(days).OrderBy(range => range.From))
        {
            if (joined.Count > 0 && range.From <= joined[^1].To + 1)
            {
                joined[^1] = joined[^1] with { To = Math.Max(joined[^1].To, range.To) };
            }
            else
            {
                joined.Add(range);
            }
        }

        return joined;
    }
}
