using System.Net.Http.Headers;
using CubeFunctions.Core.Model;
using Xunit;

namespace CubeFunctions.Tests.Storage;

public sealed class RecoverabilityTests
{
    private const double Middle = 0.5;
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly RecoveryPolicy Steps = RecoveryPolicy.Steps(Seconds(3), Seconds(10), Seconds(30)) with
    {
        SuspendOver = Seconds(30),
    };
    private static readonly RecoveryPolicy Doubling = RecoveryPolicy.Exponential(Seconds(10), TimeSpan.FromHours(1)) with
    {
        GiveUpAfter = TimeSpan.FromHours(48),
    };

    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 10)]
    [InlineData(2, 30)]
    [InlineData(3, null)]
    [InlineData(30, null)]
    public void A_ladder_ends_with_a_dead_letter(int attempts, int? seconds) =>
        Check(Steps, Failure.Transient("Cube answered 503"), attempts, seconds, "Cube answered 503");

    [Theory]
    [InlineData(0, 10)]
    [InlineData(1, 20)]
    [InlineData(2, 40)]
    [InlineData(8, 2560)]
    [InlineData(9, 3600)]
    [InlineData(int.MaxValue - 1, 3600)]
    public void Delays_double_up_to_the_longest(int attempts, int? seconds) =>
        Check(Doubling, Failure.Transient("reset"), attempts, seconds, "");

    [Theory]
    [InlineData(48, 3600)]
    [InlineData(48.01, null)]
    public void What_fails_for_too_long_is_dead_and_says_for_how_long(double hours, int? seconds)
    {
        var since = Now.AddHours(-hours);
        var recovery = Recoverability.Decide(Doubling, Failure.Transient("reset"), new(20, since), Now, Middle);
        Assert.Equal(
            seconds is { } delay ? new Recovery.RetryAfter(Seconds(delay), new(21, since)) : new Recovery.DeadLetter("reset, for 48 hours"),
            recovery
        );
    }

    [Theory]
    [InlineData(null, 10)]
    [InlineData(0, 10)]
    [InlineData(9, 10)]
    [InlineData(11, 11)]
    [InlineData(3600, 3600)]
    [InlineData(3601, 3600)]
    [InlineData(int.MaxValue, 3600)]
    public void A_pause_that_is_asked_for_lies_between_the_backoff_and_an_hour(int? asked, int seconds) =>
        Check(Doubling, Failure.Transient("429", asked is { } pause ? Seconds(pause) : null), 0, seconds, "");

    [Fact]
    public void A_backoff_of_more_than_an_hour_is_not_shortened_by_a_pause() =>
        Assert.Equal(TimeSpan.FromHours(2), Recoverability.Bound(TimeSpan.FromHours(3), TimeSpan.FromHours(2)));

    [Theory]
    [InlineData(30, 0, false, 30)]
    [InlineData(31, 0, true, 31)]
    [InlineData(31, 3, true, 31)]
    [InlineData(90_000, 99, true, 3600)]
    public void A_long_pause_suspends_and_uses_up_no_attempt(int asked, int attempts, bool suspends, int seconds)
    {
        var recovery = Recoverability.Decide(Steps, Failure.Transient("429", Seconds(asked)), new(attempts, null), Now, Middle);
        Assert.Equal(
            suspends
                ? new Recovery.SuspendUntil(Now + Seconds(seconds))
                : new Recovery.RetryAfter(Seconds(seconds), new(attempts + 1, Now)),
            recovery
        );
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(2, 30)]
    [InlineData(3, 30)]
    [InlineData(1000, 30)]
    public void Trouble_with_storage_kills_nothing_and_uses_up_nothing(int attempts, int seconds)
    {
        var recovery = Recoverability.Decide(
            Steps with
            {
                GiveUpAfter = Seconds(1),
            },
            Failure.Trouble("storage failed"),
            new(attempts, Now.AddDays(-9)),
            Now,
            Middle
        );
        Assert.Equal(new Recovery.RetryAfter(Seconds(seconds), new(attempts, null)), recovery);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(4, 160)]
    [InlineData(5, null)]
    public void What_nobody_foresaw_climbs_the_ladder_and_is_dead_by_its_type(int attempts, int? seconds) =>
        Check(
            Doubling,
            Failure.Unexpected(new InvalidOperationException("Kari Nordmann")),
            attempts,
            seconds,
            "Unexpected: InvalidOperationException"
        );

    [Fact]
    public void A_shorter_ladder_goes_for_the_unforeseen_as_well() =>
        Check(Steps, Failure.Unexpected(new KeyNotFoundException()), 3, null, "Unexpected: KeyNotFoundException");

    [Fact]
    public void What_will_never_do_is_dead_at_once() =>
        Check(Doubling, Failure.Permanent("Cube answered 403"), 0, null, "Cube answered 403");

    [Fact]
    public void What_waits_for_a_person_waits() =>
        Assert.Equal(
            new Recovery.SuspendUntil(DateTimeOffset.MaxValue),
            Recoverability.Decide(Doubling, Failure.Suspended("gone", DateTimeOffset.MaxValue), new(99, Now.AddYears(-1)), Now, Middle)
        );

    [Theory]
    [InlineData(0, 8)]
    [InlineData(0.5, 10)]
    [InlineData(0.999999, 12)]
    public void Delays_are_spread_by_a_fifth(double random, int seconds)
    {
        var delay = Assert
            .IsType<Recovery.RetryAfter>(Recoverability.Decide(Doubling, Failure.Transient("reset"), default, Now, random))
            .Delay;
        Assert.Equal(seconds, delay.TotalSeconds, 0.001);
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("120", null, 120.0)]
    [InlineData("0", null, 0.0)]
    [InlineData("Sun, 01 Mar 2026 12:01:00 GMT", null, 60.0)]
    [InlineData("Sun, 01 Mar 2026 11:00:00 GMT", null, 0.0)]
    [InlineData("Sun, 01 Mar 2026 15:00:30 GMT", "Sun, 01 Mar 2026 15:00:00 GMT", 30.0)]
    [InlineData("Sun, 01 Mar 2026 08:00:30 GMT", "Sun, 01 Mar 2026 08:00:00 GMT", 30.0)]
    [InlineData("soon", null, null)]
    public void Retry_After_is_read_by_the_answers_own_clock(string? header, string? date, double? seconds)
    {
        using var answer = new HttpResponseMessage();
        HttpResponseHeaders headers = answer.Headers;
        headers.TryAddWithoutValidation("Retry-After", header);
        headers.TryAddWithoutValidation("Date", date);
        Assert.Equal(seconds, RetryAfterHeader.Read(headers, Now)?.TotalSeconds);
    }

    private static void Check(RecoveryPolicy policy, Failure failure, int attempts, int? seconds, string dead)
    {
        var recovery = Recoverability.Decide(policy, failure, new(attempts, null), Now, Middle);
        Assert.Equal(
            seconds is { } delay ? new Recovery.RetryAfter(Seconds(delay), new(attempts + 1, Now)) : new Recovery.DeadLetter(dead),
            recovery
        );
    }

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);
}
