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

    private static IEnumerable<Window> Days(DateOnly from, DateOnly to, int windowDays)
    {
        for (var first = from; first <= to; first = first.AddDays(windowDays))
        {
            var last = first.AddDays(windowDays - 1);
            yield return new Window(first, last < to ? last : to);
        }
    }
}
