using System.Globalization;
using CubeFunctions.Core.Model;
using Microsoft.Extensions.Configuration;

namespace CubeFunctions.Core.Settings;

/// <summary>
/// Reads settings by the names users type (<c>Cube__BaseUrl</c>), and collects every fault instead of stopping at the first.
/// </summary>
/// <remarks>
/// Each setting is declared where it is read: name, parser, default and text. docs/settings.md, the sample file and <c>cube settings</c>
/// are made from these.
/// </remarks>
public sealed class SettingsReader(IConfiguration configuration)
{
    private readonly List<string> _faults = [];
    private readonly Dictionary<string, SettingDeclaration> _declared = new(StringComparer.Ordinal);

    /// <summary>Whether the schedules must be set: the Functions host has no default for them, and does not run a timer without.</summary>
    public bool NeedsSchedules { get; init; }

    /// <summary>Every setting read so far, in the order of reading.</summary>
    public IReadOnlyCollection<SettingDeclaration> Declared => _declared.Values;

    /// <summary>Their names.</summary>
    public IReadOnlyCollection<string> Names => _declared.Keys;

    /// <summary>Every fault so far.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>The names of the blocks below <paramref name="prefix"/>, as in <c>Upserts__Senders__{name}</c>.</summary>
    public IReadOnlyList<string> Blocks(string prefix) =>
        [.. configuration.GetSection(Key(prefix)).GetChildren().Select(child => child.Key)];

    /// <summary>Notes a fault of a setting.</summary>
    public void Fault(string name, string problem) => _faults.Add($"{name}: {problem}");

    /// <summary>Whether a setting has a value.</summary>
    public bool Has(string name) => !string.IsNullOrWhiteSpace(configuration[Key(name)]);

    /// <summary>The trimmed value, or null where it is missing or empty.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="doc">What it does; Markdown.</param>
    /// <param name="shown">Its default, in words.</param>
    /// <param name="sample">A safe value for a local run; the default where it is null.</param>
    public string? Text(string name, string doc, string shown = "", string? sample = null)
    {
        _declared.TryAdd(name, new SettingDeclaration(name, shown, doc, sample ?? shown));
        var value = configuration[Key(name)]?.Trim();
        return string.IsNullOrEmpty(value) ? null : value;
    }

    /// <summary>A secret, exactly as given; null where it is missing or empty.</summary>
    public string? Secret(string name, string doc, string sample = "")
    {
        _declared.TryAdd(name, new SettingDeclaration(name, "", doc, sample));
        var value = configuration[Key(name)];
        if (value?.StartsWith("@Microsoft.KeyVault(", StringComparison.OrdinalIgnoreCase) == true)
        {
            // Azure leaves a reference that it cannot follow as it stands, and that text is no secret: anyone can guess it.
            Fault(name, "is a Key Vault reference that could not be followed: the secret is missing, or the app may not read it");
        }

        return string.IsNullOrWhiteSpace(value) ? null : value;
    }

    /// <summary>A whole number between two bounds.</summary>
    public int Number(string name, int fallback, int min, int max, string doc)
    {
        if (Text(name, doc, fallback.ToString(CultureInfo.InvariantCulture)) is not { } text)
        {
            return fallback;
        }

        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
        {
            return value;
        }

        Fault(name, $"'{text}' is not a whole number from {min} to {max}");
        return fallback;
    }

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public bool Flag(string name, bool fallback, string doc) =>
        OptionalFlag(name, doc, fallback ? "true" : "false", sample: null) ?? fallback;

    /// <summary><c>true</c> or <c>false</c>; null where it is left to something else.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="doc">What it does; Markdown.</param>
    /// <param name="shown">Its default, in words.</param>
    /// <param name="sample">A safe value for a local run; the default where it is null.</param>
    public bool? OptionalFlag(string name, string doc, string shown, string? sample = "")
    {
        if (Text(name, doc, shown, sample) is not { } text)
        {
            return null;
        }

        if (bool.TryParse(text, out var value))
        {
            return value;
        }

        Fault(name, $"'{text}' is neither true nor false");
        return null;
    }

    /// <summary>One of a closed set of words, letter case ignored.</summary>
    public T Choice<T>(string name, T fallback, string doc, string? shown = null, string? sample = null)
        where T : struct, Enum
    {
        if (Text(name, doc, shown ?? fallback.ToString(), sample) is not { } text)
        {
            return fallback;
        }

        var match = Enum.GetNames<T>().FirstOrDefault(word => word.Equals(text, StringComparison.OrdinalIgnoreCase));
        if (match is not null)
        {
            return Enum.Parse<T>(match);
        }

        Fault(name, $"'{text}' is not one of {string.Join(", ", Enum.GetNames<T>())}");
        return fallback;
    }

    /// <summary>A calendar day, <c>yyyy-MM-dd</c> or <c>yyyyMMdd</c>.</summary>
    public DateOnly? Day(string name, string doc)
    {
        if (Text(name, doc) is not { } text)
        {
            return null;
        }

        if (Days.TryParse(text, out var day))
        {
            return day;
        }

        Fault(name, $"'{text}' is not a date (yyyy-MM-dd)");
        return null;
    }

    /// <summary>A comma-separated list, without empty parts and repeats.</summary>
    public IReadOnlyList<string> List(string name, string doc, string shown = "") =>
        Text(name, doc, shown, sample: "") is { } text
            ? [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal)]
            : [];

    /// <summary>An address in quotes and a blank, for the message that it is wrong; nothing where it may hold a secret.</summary>
    /// <remarks>A user name, password, query or fragment may be one, and so may an address that cannot be told apart.</remarks>
    internal static string Quoted(string address) => address.AsSpan().IndexOfAny("@?#") < 0 ? $"'{address}' " : "";

    /// <summary>An absolute address over HTTPS, or over plain HTTP when the host is this machine.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="doc">What it does; Markdown.</param>
    /// <param name="isSecret">Whether the address may hold a secret, so that a fault must not repeat it.</param>
    /// <param name="sample">A safe value for a local run.</param>
    public Uri? Address(string name, string doc, bool isSecret = false, string sample = "")
    {
        if (Text(name, doc, sample: sample) is not { } text)
        {
            return null;
        }

        var said = isSecret ? "" : Quoted(text);
        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttps && uri.Scheme != Uri.UriSchemeHttp)
            || uri.Host.Length == 0
        )
        {
            Fault(name, $"{said}is not an http(s) address");
            return null;
        }

        if (uri.Scheme != Uri.UriSchemeHttps && !uri.IsLoopback)
        {
            Fault(name, $"{said}is plain HTTP: HTTPS is required, except for this machine's own addresses");
            return null;
        }

        if (uri.UserInfo.Length > 0)
        {
            // The value is not repeated: it holds a password.
            Fault(name, "must not hold a user name or password");
            return null;
        }

        return uri;
    }

    private static string Key(string name) => name.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);
}
