using System.Globalization;

namespace CubeFunctions.Core.Model;

/// <summary>Calendar days as users type them and as they appear in names.</summary>
public static class Days
{
    /// <summary>Reads <c>yyyy-MM-dd</c> or <c>yyyyMMdd</c>.</summary>
    public static bool TryParse(string? text, out DateOnly day) =>
        DateOnly.TryParseExact(text, ["yyyy-MM-dd", "yyyyMMdd"], CultureInfo.InvariantCulture, DateTimeStyles.None, out day);

    /// <summary><c>yyyyMMdd</c>, as Cube's filters and the window names have it.</summary>
    public static string Compact(this DateOnly day) => day.ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    /// <summary><c>yyyy-MM-dd</c>, as manifests and tables have it.</summary>
    public static string Iso(this DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The calendar day at <paramref name="instant"/> in <paramref name="zone"/>.</summary>
    public static DateOnly LocalDay(this TimeZoneInfo zone, DateTimeOffset instant) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, zone).DateTime);
}
