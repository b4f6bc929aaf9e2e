using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CubeFunctions.Tests.Functions.Host;

/// <summary>What the host reads: host.json of the published app, and the app's settings.</summary>
internal sealed partial class HostSettings
{
    private readonly Dictionary<string, string> _settings;

    public HostSettings(string hostJson, IEnumerable<(string Name, string Value)> settings)
    {
        _settings = settings.ToDictionary(setting => Key(setting.Name), setting => setting.Value, StringComparer.OrdinalIgnoreCase);
        var extensions = JsonDocument.Parse(hostJson).RootElement.GetProperty("extensions");
        var queues = extensions.GetProperty("queues");
        RoutePrefix = extensions.GetProperty("http").GetProperty("routePrefix").GetString()!;
        BatchSize = queues.GetProperty("batchSize").GetInt32();
        NewBatchThreshold = queues.GetProperty("newBatchThreshold").GetInt32();
        MaxDequeueCount = queues.GetProperty("maxDequeueCount").GetInt32();
        VisibilityTimeout = TimeSpan.Parse(queues.GetProperty("visibilityTimeout").GetString()!, CultureInfo.InvariantCulture);
        IsBase64 = queues.GetProperty("messageEncoding").GetString() == "base64";
    }

    public string RoutePrefix { get; }

    public int BatchSize { get; }

    public int NewBatchThreshold { get; }

    public int MaxDequeueCount { get; }

    /// <summary>How long a message stays hidden after its function failed.</summary>
    public TimeSpan VisibilityTimeout { get; }

    public bool IsBase64 { get; }

    /// <summary>The value of a setting, by its name in the environment or with colons.</summary>
    /// <exception cref="InvalidOperationException">It is not set.</exception>
    public string this[string name] =>
        _settings.TryGetValue(Key(name), out var value) ? value : throw new InvalidOperationException($"The setting {name} has no value.");

    /// <summary>Replaces <c>%name%</c> by the setting's value, as the host does while it indexes functions.</summary>
    /// <exception cref="InvalidOperationException">One is not set: the host would not index the function.</exception>
    public string Resolve(string text) => Reference().Replace(text, match => this[match.Groups[1].Value]);

    private static string Key(string name) => name.Replace("__", ":", StringComparison.Ordinal);

    [GeneratedRegex("%([^%]+)%")]
    private static partial Regex Reference();
}
