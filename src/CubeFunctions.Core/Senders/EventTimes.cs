using System.Globalization;
using System.Text.Json;

namespace CubeFunctions.Core.Senders;

/// <summary>Reads points in time in the forms that CRMs send them.</summary>
internal static class EventTimes
{
    private const string DatePrefix = "/Date(";
    private const string DateSuffix = ")/";

    /// <summary>From here on a number counts milliseconds, below it seconds: the year 1973 in the one, 5138 in the other.</summary>
    private const long Milliseconds = 100_000_000_000;

    /// <summary>From here on it counts microseconds, and nanoseconds.</summary>
    private const long Microseconds = Milliseconds * 1000;
    private const long Nanoseconds = Microseconds * 1000;

    private static readonly string[] Iso =
    [
        "yyyy-MM-dd",
        "yyyyMMdd",
        "yyyy-MM-dd'T'HH:mmK",
        "yyyy-MM-dd'T'HH:mm:ssK",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd HH:mm",
        "yyyy-MM-dd HH:mm:ss",
        "yyyy-MM-dd HH:mm:ss.FFFFFFF",
        "yyyy-MM-dd HH:mm:ssK",
        "yyyy-MM-dd'T'HH:mm:sszz",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzz",
        "yyyy-MM-dd HH:mm:sszz",
        "yyyy-MM-dd HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd HH:mm:ss.FFFFFFFzz",
        "yyyyMMdd'T'HHmmssK",
        "yyyyMMddHHmmss",
        "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    ];

    /// <summary>How many digits a calendar day has, and one with its time of day.</summary>
    private const int DayDigits = 8;
    private const int SecondDigits = 14;

    /// <summary>
    /// The time of an event: ISO 8601 (UTC where it names no offset), seconds since 1970 with or without a fraction, milli-, micro- or
    /// nanoseconds, <c>/Date(ms+zone)/</c>, or a date as HTTP writes it; not before the year 2000.
    /// </summary>
    public static bool TryReadInstant(JsonElement value, out DateTimeOffset time)
    {
        time = default;
        if (Scalars.Text(value) is not { Length: > 0 } text)
        {
            return false;
        }

        // Eight digits are a calendar day where they can be, as seconds they would be the year 1970; fourteen are one with its time of
        // day, as milliseconds they would be the year 2600.
        return (
                (text.Length is DayDigits or SecondDigits && TryReadIso(text, out time))
                || TryReadDateLiteral(text, out time)
                || TryReadNumber(text, out time)
                || TryReadIso(text.ToUpperInvariant().Replace(',', '.'), out time)
                || TryReadIso(text, out time)
            )
            && time >= UpsertLimits.EarliestEvent;
    }

    private static bool TryReadNumber(string text, out DateTimeOffset time)
    {
        time = default;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return TryFromMilliseconds(
                number switch
                {
                    < Milliseconds => number * 1000,
                    < Microseconds => number,
                    < Nanoseconds => number / 1000,
                    _ => number / 1_000_000,
                },
                out time
            );
        }

        return decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && seconds < Milliseconds
            && TryFromMilliseconds((long)(seconds * 1000), out time);
    }

    /// <summary>
    /// A date or time in a customer's field: as an event's time, but numbers are milliseconds, and eight digits a calendar day if they
    /// can be.
    /// </summary>
    public static bool TryReadDate(string text, out DateTimeOffset time) =>
        TryReadDateLiteral(text, out time)
        || TryReadIso(text, out time)
        || (
            long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && TryFromMilliseconds(number, out time)
        );

    /// <summary>
    /// <c>/Date(1697526000000)/</c>, or with an offset: <c>/Date(1697526000000+0200)/</c> is the same instant, written in that zone.
    /// </summary>
    public static bool TryReadDateLiteral(string text, out DateTimeOffset time)
    {
        time = default;
        if (
            !text.StartsWith(DatePrefix, StringComparison.Ordinal)
            || !text.EndsWith(DateSuffix, StringComparison.Ordinal)
            || text.Length <= DatePrefix.Length + DateSuffix.Length
        )
        {
            return false;
        }

        var inner = text.AsSpan()[DatePrefix.Length..^DateSuffix.Length];
        var sign = inner[1..].IndexOfAny('+', '-');
        var offset = TimeSpan.Zero;
        if (sign >= 0)
        {
            var zone = inner[(sign + 1)..];
            inner = inner[..(sign + 1)];
            if (
                zone.Length != 5
                || !TimeSpan.TryParseExact(zone[1..], "hhmm", CultureInfo.InvariantCulture, out offset)
                || offset > TimeSpan.FromHours(14)
            )
            {
                return false;
            }

            offset = zone[0] == '-' ? -offset : offset;
        }

        if (
            !long.TryParse(inner, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var milliseconds)
            || !TryFromMilliseconds(milliseconds, out var instant)
        )
        {
            return false;
        }

        // At the ends of the calendar an offset can leave it.
        if (instant.Ticks + offset.Ticks < DateTimeOffset.MinValue.Ticks || instant.Ticks + offset.Ticks > DateTimeOffset.MaxValue.Ticks)
        {
            return false;
        }

        time = instant.ToOffset(offset);
        return true;
    }

    public static bool TryFromMilliseconds(long milliseconds, out DateTimeOffset time)
    {
        var valid =
            milliseconds >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds()
            && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
        time = valid ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : default;
        return valid;
    }

    private static bool TryReadIso(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(CutFraction(text), Iso, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);

    /// <summary>Some platforms write nanoseconds; .NET reads seven digits.</summary>
    private static string CutFraction(string text)
    {
        var point = text.IndexOf('.', StringComparison.Ordinal);
        if (point < 0)
        {
            return text;
        }

        var end = point + 1;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
        {
            end++;
        }

        return end - point > 8 ? string.Concat(text.AsSpan(0, point + 8), text.AsSpan(end)) : text;
    }
}
