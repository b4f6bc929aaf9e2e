using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Cube.Simulator.Http;

/// <summary><c>from_date</c> and <c>to_date</c>: when either is missing, both mean today.</summary>
internal static class DateWindow
{
    public static bool TryRead(IQueryCollection query, DateOnly today, out DateOnly from, out DateOnly to, out Answer? refusal)
    {
        (from, to, refusal) = (today, today, null);
        if (!query.ContainsKey("from_date") || !query.ContainsKey("to_date"))
            return true;
        if (!TryParse(query["from_date"], out from))
            refusal = Answer.Invalid("from_date", "Enter a valid date.");
        else if (!TryParse(query["to_date"], out to))
            refusal = Answer.Invalid("to_date", "Enter a valid date.");
        return refusal is null;
    }

    /// <summary>A day, or null when there is none or no valid one.</summary>
    public static DateOnly? Parse(string? text) => TryParse(text, out var day) ? day : null;

    private static bool TryParse(string? text, out DateOnly day) =>
        DateOnly.TryParseExact(text, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day);
}
