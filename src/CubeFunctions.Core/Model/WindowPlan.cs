namespace CubeFunctions.Core.Model;

/// <summary>Cuts days into windows.</summary>
public static class WindowPlan
{
    /// <summary>The windows of a reading, in order: the days that are over, then today alone.</summary>
    public static IEnumerable<Window> Cut(DateOnly from, DateOnly to, DateOnly today, int windowDays)
    {
        var yesterday = today.AddDays(-1);
        foreach (var window in Days(from, to < yesterday ? to : yesterday, windowDays))
        {
            yield return window;
        }

        // Today's count moves while agents work: it must not hold back the days before it.
        if (from <= today && to >= today)
        {
            yield return new Window(today, today);
        }

        // Days to come hold nothing, except where a tenant's clock is ahead of ours.
        var tomorrow = today.AddDays(1);
        foreach (var window in Days(from > tomorrow ? from : tomorrow, to, windowDays))
        {
            yield return window;
        }
    }

    /// <summary>The same windows with some days cut out, which are read alone or not at all.</summary>
    public static IEnumerable<Window> Without(this IEnumerable<Window> windows, IReadOnlySet<DateOnly> days)
    {
        foreach (var window in windows)
        {
            if (window.From is not { } first || window.To is not { } last || !days.Any(window.Holds))
            {
                yield return window;
                continue;
            }

            foreach (var day in days.Where(window.Holds).Order())
            {
                if (first < day)
                {
                    yield return new Window(first, day.AddDays(-1));
                }

                first = day.AddDays(1);
            }

            if (first <= last)
            {
                yield return new Window(first, last);
            }
        }
    }

    /// <summary>
    /// Whole weeks of a fixed grid up to the day before <paramref name="end"/>: windows that are the same when they are read again a week
    /// later.
    /// </summary>
    public static IEnumerable<Window> Weeks(DateOnly from, DateOnly end)
    {
        const int Week = 7;
        for (var first = from; first < end;)
        {
            var next = DateOnly.FromDayNumber(((first.DayNumber / Week) + 1) * Week);
            yield return new Window(first, (next < end ? next : end).AddDays(-1));
            first = next;
        }
    }

    private static IEnumerable<Window> Days(DateOnly from, DateOnly to, int windowDays)
    {
        for (var first = from; first <= to; first = first.AddDays(windowDays))
        {
            var last = first.AddDays(windowDays - 1);
            yield return new Window(first, last < to ? last : to);
        }
    }
}
