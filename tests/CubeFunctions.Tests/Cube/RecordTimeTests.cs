using System.Text;
using CubeFunctions.Core.Cube;
using CubeFunctions.Core.Model;
using Xunit;

namespace CubeFunctions.Tests.Cube;

public sealed class RecordTimeTests
{
    private static readonly TimeZoneInfo Oslo = TimeZoneInfo.FindSystemTimeZoneById("Europe/Oslo");

    [Theory]
    [InlineData("2020-02-12T10:27:06.477+0100", "2020-02-12")]
    [InlineData("2020-02-12T23:30:06.477+0000", "2020-02-13")]
    [InlineData("2020-02-12T22:30:06.477Z", "2020-02-12")]
    [InlineData("2020-02-13T00:30:06+03:00", "2020-02-12")]
    [InlineData("2020-02-12T23:30:06-05", "2020-02-13")]
    [InlineData("2020-02-12 23:59", "2020-02-12")]
    [InlineData("2020-02-12", "2020-02-12")]
    // Clocks go forward at 01:00 UTC on 29 March 2026: the hour from two to three does not exist in Oslo.
    [InlineData("2026-03-28T22:30:00.000+0000", "2026-03-28")]
    [InlineData("2026-03-28T23:30:00.000+0000", "2026-03-29")]
    [InlineData("2026-03-29T21:30:00.000+0000", "2026-03-29")]
    [InlineData("2026-03-29T22:00:00.000+0000", "2026-03-30")]
    [InlineData("2026-03-29 02:30", "2026-03-29")]
    // And back at 01:00 UTC on 25 October 2026: the hour from two to three comes twice.
    [InlineData("2026-10-24T22:00:00.000+0000", "2026-10-25")]
    [InlineData("2026-10-25T02:30:00.000+0200", "2026-10-25")]
    [InlineData("2026-10-25T02:30:00.000+0100", "2026-10-25")]
    [InlineData("2026-10-25T22:30:00.000+0000", "2026-10-25")]
    [InlineData("2026-10-25T23:00:00.000+0000", "2026-10-26")]
    [InlineData("2026-10-25 02:30", "2026-10-25")]
    // Offsets and hours that are none: the day that is written.
    [InlineData("2020-02-12T10:27:06.477+9900", "2020-02-12")]
    [InlineData("2020-02-12T99:27:06.477+0100", "2020-02-12")]
    [InlineData("0001-01-01T00:30:00+0200", "0001-01-01")]
    [InlineData("2020-02-30 10:27", null)]
    [InlineData("yesterday", null)]
    [InlineData("", null)]
    public void A_time_is_filed_under_the_tenants_local_day(string when, string? day) =>
        Assert.Equal(
            day is null ? 0 : DateOnly.Parse(day, System.Globalization.CultureInfo.InvariantCulture).DayNumber,
            RecordTime.DayOf(Encoding.UTF8.GetBytes(when), Oslo)
        );

    [Fact]
    public void An_outcome_is_filed_under_the_day_of_its_time_stamp_before_that_of_its_minutes()
    {
        var page =
            """{"count":1,"next":null,"previous":null,"results":[{"crm__customer_id":"1","call_outcome__report_as__submitted_when":"2026-10-25 00:15","call_outcome__report_as__submitted_when_timestamp":"2026-10-24T22:15:00.000+0000"}]}"""u8;
        var feed = FeedCatalogue.Find("call_outcomes", ScopeKind.Campaign)!;
        var digest = Assert.Single(
            new RecordReader(feed, new ContentRules(feed, new Core.Settings.ChangeSettings()), Oslo).Read(page).Digests
        );
        Assert.Equal(new DateOnly(2026, 10, 25).DayNumber, digest.Day);
    }
}
