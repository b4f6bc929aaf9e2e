using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace CubeFunctions.Local.Hosting;

/// <summary>
/// Settings of the local host: the environment, over the <c>Values</c> of <c>local.settings.json</c> at the repository's root.
/// </summary>
internal static class LocalSettings
{
    public static Dictionary<string, string?> Read()
    {
        var values = FromFile(Path.Combine(Workspace.Root, "local.settings.json"));
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            values[Key((string)variable.Key)] = (string?)variable.Value;
        }

        return values;
    }

    /// <summary>Whether a setting, or any below it, has a value.</summary>
    public static bool Has(this Dictionary<string, string?> values, string name)
    {
        var key = Key(name);
        return values.Any(pair =>
            !string.IsNullOrWhiteSpace(pair.Value)
            && (
                pair.Key.Equals(key, StringComparison.OrdinalIgnoreCase)
                || pair.Key.StartsWith(key + ConfigurationPath.KeyDelimiter, StringComparison.OrdinalIgnoreCase)
            )
        );
    }

    private static Dictionary<string, string?> FromFile(string path)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        if (!File.Exists(path))
        {
            return values;
        }

        try
        {
            using var document = JsonDocument.Parse(
                File.ReadAllBytes(path),
                new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip }
            );
            foreach (var value in document.RootElement.GetProperty("Values").EnumerateObject())
            {
                values[Key(value.Name)] = value.Value.ToString();
            }

            return values;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new LocalHostException($"{path}: is not a JSON object with 'Values'", exception);
        }
    }

    private static string Key(string name) => name.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);
}
