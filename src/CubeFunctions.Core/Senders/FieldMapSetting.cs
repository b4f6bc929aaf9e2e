using CubeFunctions.Core.Settings;

namespace CubeFunctions.Core.Senders;

/// <summary>A setting that holds a field map, or the path of a file that does.</summary>
internal static class FieldMapSetting
{
    /// <summary>The map; null where none is set, or where it has faults, which are noted.</summary>
    /// <param name="reader">The settings.</param>
    /// <param name="name">The setting.</param>
    /// <param name="toCube">Whether the map makes Cube's fields, some of which are not for maps to make.</param>
    /// <param name="doc">What it does; Markdown.</param>
    public static FieldMap? Read(SettingsReader reader, string name, bool toCube, string doc)
    {
        if (reader.Text(name, doc) is not { } text || Bytes(reader, name, text) is not { } json)
        {
            return null;
        }

        var map = FieldMap.Parse(json, out var faults, toCube);
        foreach (var fault in faults)
        {
            reader.Fault(name, fault);
        }

        return map;
    }

    private static byte[]? Bytes(SettingsReader reader, string name, string text)
    {
        if (text.StartsWith('{'))
        {
            return System.Text.Encoding.UTF8.GetBytes(text);
        }

        try
        {
            // The working folder of the Functions host is not that of the app: a file deployed with it is looked for there too.
            return File.ReadAllBytes(File.Exists(text) ? text : Path.Combine(AppContext.BaseDirectory, text));
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            reader.Fault(name, $"'{text}' is neither JSON in braces nor a file that can be read");
            return null;
        }
    }
}
