using System.Globalization;

namespace Cube.Simulator;

/// <summary>Reads a fault from its command-line form: <c>name[=rate][,key=value]...</c>.</summary>
internal static class FaultText
{
    private const string Keys =
        "path, method, from-page, to-page, times, seconds, ms, bytes, rows, day, from, to, retry-after, skew, host, as";

    public static Fault Parse(string text)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        var (name, rate) = Halves(parts[0]);
        if (!FaultKinds.ByName.TryGetValue(name, out var kind))
            throw new FormatException($"Unknown fault '{name}'. Known: {string.Join(", ", FaultKinds.Descriptions.Keys)}.");
        var fault = new Fault { Kind = kind };
        if (rate is not null)
            fault = fault with { Rate = Rate(rate, text) };
        foreach (var part in parts.Skip(1))
            fault = With(fault, part, text);
        return fault;
    }

    private static Fault With(Fault fault, string part, string text)
    {
        var (key, value) = Halves(part);
        if (value is null)
            throw new FormatException($"'{part}' in fault '{text}' should be key=value; keys: {Keys}.");
        return key switch
        {
            "path" => fault with { PathContains = value },
            "method" => fault with { Method = value.ToUpperInvariant() },
            "from-page" => fault with { FromPage = Whole(value, text) },
            "to-page" => fault with { ToPage = Whole(value, text) },
            "times" => fault with { Times = Whole(value, text) },
            "seconds" => fault with
            {
                Duration = TimeSpan.FromSeconds(Whole(value, text)),
                RetryAfter = TimeSpan.FromSeconds(Whole(value, text)),
            },
            "ms" => fault with { Duration = TimeSpan.FromMilliseconds(Whole(value, text)) },
            "rows" => fault with { Rows = Whole(value, text) },
            "day" => fault with { Day = Date(value, text) },
            "from" => fault with { From = Date(value, text) },
            "to" => fault with { To = Date(value, text) },
            "retry-after" => fault with { RetryAfterText = value },
            "skew" => fault with { DateSkew = Seconds(value, text) },
            "bytes" => fault with { Bytes = Whole(value, text) },
            "host" when Uri.TryCreate(value, UriKind.Absolute, out var host) => fault with { OtherHost = host },
            "host" => throw new FormatException($"'{value}' in fault '{text}' is not an absolute URL."),
            "as" => fault with { WorkThenFailAs = As(value, text) },
            _ => throw new FormatException($"Unknown key '{key}' in fault '{text}'; keys: {Keys}."),
        };
    }

    private static FaultKind As(string value, string text) =>
        value switch
        {
            "503" => FaultKind.ServiceUnavailable503,
            "reset" => FaultKind.ResetBeforeBody,
            "hang" => FaultKind.Hang,
            _ => throw new FormatException($"'as={value}' in fault '{text}' should be 503, reset or hang."),
        };

    private static double Rate(string value, string text) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate) && rate is >= 0 and <= 1
            ? rate
            : throw new FormatException($"'{value}' in fault '{text}' should be a share from 0 to 1, such as 0.1.");

    private static DateOnly Date(string value, string text) =>
        DateOnly.TryParseExact(value, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? day
            : throw new FormatException($"'{value}' in fault '{text}' should be a day such as 20261120.");

    private static TimeSpan Seconds(string value, string text) =>
        int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : throw new FormatException($"'{value}' in fault '{text}' should be seconds, such as -3600.");

    private static int Whole(string value, string text) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"'{value}' in fault '{text}' should be a whole number.");

    private static (string Key, string? Value) Halves(string part) =>
        part.IndexOf('=', StringComparison.Ordinal) is var at and >= 0 ? (part[..at].Trim(), part[(at + 1)..].Trim()) : (part, null);
}
