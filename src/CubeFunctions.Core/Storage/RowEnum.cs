namespace CubeFunctions.Core.Storage;

/// <summary>
/// Names of enums in rows. The SDK reads a name that it does not know as the default, without a word: a row class keeps such a column as
/// text, reads it here, and hides
/// the enum from the SDK.
/// </summary>
internal static class RowEnum
{
    /// <summary>Reads a name.</summary>
    /// <exception cref="FormatException">It is none: the row cannot be read.</exception>
    public static T Parse<T>(string? name)
        where T : struct, Enum =>
        Enum.TryParse<T>(name, out var value) && Enum.GetName(value) == name
            ? value
            : throw new FormatException($"A row holds no name of {typeof(T).Name}.");
}
