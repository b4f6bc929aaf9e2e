using System.Globalization;
using System.Text.Json;

namespace CubeFunctions.Core.Senders;

/// <summary>How one of Cube's fields is made.</summary>
internal sealed record FieldRule
{
    public required string Target { get; init; }

    /// <summary>One source; several for a joined field; none for a constant.</summary>
    public IReadOnlyList<SourcePath> Sources { get; init; } = [];

    /// <summary>A constant as JSON.</summary>
    public string? Constant { get; init; }

    /// <summary>Between the parts of a joined field; null where the field is not joined.</summary>
    public string? Separator { get; init; }

    /// <summary>The .NET date format that Cube gets.</summary>
    public string? DateFormat { get; init; }

    /// <summary>The .NET date format that the sender uses; null: ISO 8601, milliseconds since 1970, <c>/Date(ms+zone)/</c>.</summary>
    public string? ParseFormat { get; init; }

    /// <summary>The zone a point in time is written in; null: the offset it came with.</summary>
    public TimeZoneInfo? Zone { get; init; }

    /// <summary>The sender's value, as text, to Cube's, as JSON.</summary>
    public IReadOnlyDictionary<string, string>? Values { get; init; }

    /// <summary>Why Cube cannot be sent a value, or null.</summary>
    public string? Fault(SourcePath source, JsonElement value) =>
        Scalars.Fault(value, Separator is null ? UpsertLimits.ValueCharacters : UpsertLimits.PartCharacters) is { } fault
            ? $"field '{Target}': source '{source.Text}' {fault}"
            : null;

    /// <summary>
    /// The JSON that goes to Cube, or null and the fault, which names field and source but not the value: that is personal data.
    /// </summary>
    public string? Convert(SourcePath source, JsonElement value, out string? fault)
    {
        fault = null;
        if (!Scalars.IsScalar(value))
        {
            fault = $"field '{Target}': source '{source.Text}' is an object or an array, not a single value";
            return null;
        }

        var text = Scalars.Text(value) ?? "";
        if (Values is not null && Values.TryGetValue(text, out var listed))
        {
            return listed;
        }

        // Empty is no fault: it clears the field.
        if (text.Length == 0)
        {
            return value.GetRawText();
        }

        if (Values is null && DateFormat is null)
        {
            return EventTimes.TryReadDateLiteral(text, out var instant)
                ? Scalars.Quote(instant.ToString("yyyy-MM-dd'T'HH:mm:ssK", CultureInfo.InvariantCulture))
                : value.GetRawText();
        }

        if (Values is not null)
        {
            fault = $"field '{Target}': the value of source '{source.Text}' is not in the field's table of values";
            return null;
        }

        if (FormatDate(text) is { } date)
        {
            return Scalars.Quote(date);
        }

        fault = $"field '{Target}': the value of source '{source.Text}' is not a date";
        return null;
    }

    private string? FormatDate(string text)
    {
        var read = ParseFormat is null
            ? EventTimes.TryReadDate(text, out var time)
            : DateTimeOffset.TryParseExact(text, ParseFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
        return !read
            ? null
            : (Zone is null ? time : TimeZoneInfo.ConvertTime(time, Zone)).ToString(DateFormat, CultureInfo.InvariantCulture);
    }
}
