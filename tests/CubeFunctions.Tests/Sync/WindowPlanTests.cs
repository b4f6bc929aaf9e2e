using CubeFunctions.Core.Model;
using Xunit;

namespace CubeFunctions.Tests.Sync;

public sealed class WindowPlanTests
{
    [Theory]
    [InlineData("2026-11-01", "2026-11-23", "2026-11-23", 31, "20261101_20261122 20261123_20261123")]
    [InlineData("2026-10-01", "2026-11-23", "2026-11-23", 31, "20261001_20261031 20261101_20261122 20261123_20261123")]
    [InlineData("2026-11-23", "2026-11-23", "2026-11-23", 31, "20261123_20261123")]
    [InlineData("2026-11-01", "2026-11-03", "2026-11-23", 2, "20261101_20261102 20261103_20261103")]
    [InlineData("2026-11-24", "2026-11-25", "2026-11-23", 31, "20261124_20261125")]
    [InlineData("2026-12-30", "2027-01-01", "2027-01-01", 31, "20261230_20261231 20270101_20270101")]
    public void Days_that_are_over_come_first_and_today_alone(string from, string to, string today, int days, string windows) =>
        Assert.Equal(
            windows,
            string.Join(
                ' ',
                WindowPlan.Cut(DateOnly.Parse(from), DateOnly.Parse(to), DateOnly.Parse(today), days).Select(window => window.Name)
            )
        );

    [Theory]
    [InlineData("2026-03-28T22:59:59Z", "2026-03-28")]
    [InlineData("2026-03-28T23:00:00Z", "2026-03-29")]
    [InlineData("2026-03-29T21:59:59Z", "2026-03-29")]
    [InlineData("2026-03-29T22:00:00Z", "2026-03-30")]
    [InlineData("2026-10-24T22:00:00Z", "2026-10-25")]
    [InlineData("2026-10-25T22:59:59Z", "2026-10-25")]
    [InlineData("2026-10-25T23:00:00Z", "2026-10-26")]
    [InlineData("2026-12-31T22:59:59Z", "2026-12-31")]
    [InlineData("2026-12-31T23:00:00Z", "2027-01-01")]
    public void A_day_begins_at_midnight_in_the_tenants_local_time(string instant, string day) =>
        Assert.Equal(DateOnly.Parse(day), TimeZoneInfo.FindSystemTimeZoneById("Europe/Oslo").LocalDay(DateTimeOffset.Parse(instant)));
}
