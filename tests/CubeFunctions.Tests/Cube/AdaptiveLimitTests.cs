using CubeFunctions.Core.Cube;
using Xunit;

namespace CubeFunctions.Tests.Cube;

/// <summary>Requests at once, as Cube's answers call for them.</summary>
public sealed class AdaptiveLimitTests
{
    private static readonly int[] FixedLimits = [1, 4, 8, 16];

    private static readonly DateTimeOffset Start = new(2026, 11, 2, 8, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(50);

    [Fact]
    public void Good_answers_keep_it_at_the_bound()
    {
        var limit = new AdaptiveLimit(8);
        for (var i = 0; i < 100; i++)
        {
            limit.Note(Start.AddSeconds(i), Quick, refused: false);
        }

        Assert.Equal(8, limit.Current);
    }

    [Fact]
    public void Refusals_of_requests_that_were_under_way_together_halve_it_once()
    {
        var limit = new AdaptiveLimit(8);
        for (var i = 0; i < 5; i++)
        {
            limit.Note(Start, Quick, refused: true);
        }

        Assert.Equal(4, limit.Current);
        limit.Note(Start + (2 * Quick), Quick, refused: true);
        Assert.Equal(2, limit.Current);
        for (var i = 0; i < 20; i++)
        {
            limit.Note(Start.AddMinutes(1 + i), Quick, refused: true);
        }

        Assert.Equal(1, limit.Current);
    }

    [Fact]
    public void Slow_answers_lower_it_to_half_and_no_further()
    {
        var limit = new AdaptiveLimit(8);
        limit.Note(Start, Quick, refused: false);
        for (var i = 1; i < 20; i++)
        {
            limit.Note(Start.AddMinutes(i), TimeSpan.FromSeconds(5), refused: false);
        }

        Assert.Equal(4, limit.Current);
        for (var i = 0; i < 60; i++)
        {
            limit.Note(Start.AddHours(1).AddSeconds(i), Quick, refused: false);
        }

        Assert.Equal(8, limit.Current);
    }

    [Fact]
    public void Pages_that_are_all_slow_by_nature_are_not_held_against_it()
    {
        var limit = new AdaptiveLimit(8);
        for (var i = 0; i < 50; i++)
        {
            limit.Note(Start.AddMinutes(i), TimeSpan.FromSeconds(3 + (i % 3)), refused: false);
        }

        Assert.Equal(8, limit.Current);
    }

    /// <summary>
    /// 1,000 pages from a server that answers four requests at once in 50 ms each and refuses the rest; who is refused waits two seconds,
    /// and everybody with him, as the
    /// shared pause makes them. What fixed numbers of requests need beside it.
    /// </summary>
    [Fact]
    public void On_a_server_with_a_limit_of_its_own_it_comes_near_the_best_fixed_number()
    {
        var adaptive = Read(new AdaptiveLimit(16));
        var runs = FixedLimits.ToDictionary(many => many, many => Read(many));
        foreach (var (many, (seconds, refusals)) in runs)
        {
            TestContext.Current.TestOutputHelper!.WriteLine($"fixed {many}: {seconds:0.0} s, {refusals} refusals");
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"adaptive to 16: {adaptive.Seconds:0.0} s, {adaptive.Refusals} refusals");
        Assert.True(
            adaptive.Seconds < runs[1].Seconds && adaptive.Seconds < runs[8].Seconds && adaptive.Seconds < runs[16].Seconds,
            $"{adaptive}"
        );
        Assert.True(adaptive.Refusals * 2 < Math.Min(runs[8].Refusals, runs[16].Refusals), $"{adaptive}");
    }

    private static (double Seconds, int Refusals) Read(int many) => Read(() => many, static (_, _) => { });

    private static (double Seconds, int Refusals) Read(AdaptiveLimit limit) =>
        Read(() => limit.Current, (sentAt, refused) => limit.Note(sentAt, Quick, refused));

    private static (double Seconds, int Refusals) Read(Func<int> many, Action<DateTimeOffset, bool> note)
    {
        const int Server = 4;
        var (now, left, refusals) = (Start, 1000, 0);
        while (left > 0)
        {
            // Requests are sent together and answered together: a round.
            var sent = Math.Min(many(), left);
            var served = Math.Min(sent, Server);
            for (var i = 0; i < sent; i++)
            {
                note(now, i >= served);
            }

            left -= served;
            refusals += sent - served;
            now += sent > served ? Quick + TimeSpan.FromSeconds(2) : Quick;
        }

        return ((now - Start).TotalSeconds, refusals);
    }
}
