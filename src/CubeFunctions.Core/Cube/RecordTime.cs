using System.Buffers.Text;

namespace CubeFunctions.Core.Cube;

/// <summary>
/// Times as records have them: minutes of the tenant's local time (<c>2017-01-01 12:24</c>), or an instant
/// (<c>2020-02-12T10:27:06.477+0100</c>, without a colon).
/// </summary>
internal static class RecordTime
{
    private const int DateLength = 10;
    private const int MinutesEnd = 16;

    /// <summary>The tenant's local day, as <see cref="DateOnly.DayNumber"/>; 0 where the text is no time.</summary>
    /// <param name="when">The text.</param>
    /// <param name="zone">The tenant's zone; null takes the date as it is written.</param>
    public static int DayOf(ReadOnlySpan<byte> when, TimeZoneInfo? zone)
    {
        if (
            when.Length < DateLength
            || when[4] != (byte)'-'
            || when[7] != (byte)'-'
            || Number(when[..4]) is not ({ } year and > 0)
            || Number(when[5..7]) is not ({ } month and >= 1 and <= 12)
            || Number(when[8..DateLength]) is not ({ } day and > 0)
            || day > DateTime.DaysInMonth(year, month)
        )
        {
            return 0;
        }

        var date = new DateOnly(year, month, day);
        if (
            zone is null
            || when.Length <= MinutesEnd
            || OffsetOf(when[MinutesEnd..]) is not { } offset
            || when[13] != (byte)':'
            || Number(when[11..13]) is not ({ } hour and < 24)
            || Number(when[14..MinutesEnd]) is not ({ } minute and < 60)
        )
        {
            // Local time: the day is the one that is written, also where the hour comes twice or not at all.
            return date.DayNumber;
        }

        var written = date.ToDateTime(new TimeOnly(hour, minute));
        var ticks = written.Ticks - offset.Ticks;
        return ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks
            ? date.DayNumber
            : DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(new DateTime(ticks, DateTimeKind.Utc), zone)).DayNumber;
    }

    /// <summary>
    /// The offset at the end of a time, after its seconds: <c>Z</c>, <c>+01</c>, <c>+0100</c> or <c>+01:00</c>. Null where there is none.
    /// </summary>
    private static TimeSpan? OffsetOf(ReadOnlySpan<byte> rest)
    {
        if (rest[^1] is (byte)'Z' or (byte)'z')
        {
            return TimeSpan.Zero;
        }

        var sign = rest.LastIndexOfAny((byte)'+', (byte)'-');
        if (sign < 0)
        {
            return null;
        }

        var text = rest[(sign + 1)..];
        var hours = text.Length >= 2 ? Number(text[..2]) : null;
        var minutes = text.Length switch
        {
            2 => 0,
            4 => Number(text[2..]),
            5 when text[2] == (byte)':' => Number(text[3..]),
            _ => null,
        };
        return hours is <= 14 && minutes is < 60 ? new TimeSpan(hours.Value, minutes.Value, 0) * (rest[sign] == (byte)'-' ? -1 : 1) : null;
    }

    private static int? Number(ReadOnlySpan<byte> digits) =>
        Utf8Parser.TryParse(digits, out uint number, out var used) && used == digits.Length ? (int)number : null;
}
