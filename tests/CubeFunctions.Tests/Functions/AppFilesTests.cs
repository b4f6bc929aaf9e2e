using System.Text.Json;
using System.Text.RegularExpressions;
using CubeFunctions.Core;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Tests.Support;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace CubeFunctions.Tests.Functions;

/// <summary>The files at the top level, which hosts and people read.</summary>
public sealed partial class AppFilesTests
{
    [Fact]
    public void Every_setting_is_in_the_sample_and_in_the_readme()
    {
        var sample = Sample();
        var readme = Repository.Read("README.md");
        Assert.All(SettingNames(sample), name =>
        {
            Assert.True(sample.ContainsKey(name), $"local.settings.sample.json lacks {name}");
            Assert.True(ReadmeNames(readme).Contains(General(name)), $"the README's table lacks {General(name)}");
        });
    }

    [Fact]
    public void The_sample_is_valid_and_holds_no_address_outside_of_this_machine()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(Sample().Select(pair => KeyValuePair.Create(pair.Key.Replace("__", ":", StringComparison.Ordinal), (string?)pair.Value)));
        var settings = AppSettings.Read(configuration.Build());
        Assert.True(settings.Cube.BaseUrl.IsLoopback);
        Assert.Equal("UseDevelopmentStorage=true", settings.Storage.ConnectionString);
    }

    [Fact]
    public void The_host_reads_what_we_send_and_gives_items_time()
    {
        var host = JsonDocument.Parse(Repository.Read("host.json")).RootElement;
        var queues = host.GetProperty("extensions").GetProperty("queues");
        Assert.Equal("base64", queues.GetProperty("messageEncoding").GetString());
        Assert.Equal(5, queues.GetProperty("maxDequeueCount").GetInt32());
        Assert.Equal("api", host.GetProperty("extensions").GetProperty("http").GetProperty("routePrefix").GetString());
        Assert.Equal("OpenTelemetry", host.GetProperty("telemetryMode").GetString());
        var timeout = TimeSpan.Parse(host.GetProperty("functionTimeout").GetString()!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(timeout > new SyncSettings().TimeBudget + TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void The_readme_names_every_table_queue_and_container()
    {
        var readme = Repository.Read("README.md");
        Assert.All([.. StorageNames.Containers, .. StorageNames.Tables, .. StorageNames.Queues.Where(name => !name.EndsWith(StorageNames.PoisonSuffix, StringComparison.Ordinal))],
            name => Assert.Contains($"`{name}`", readme, StringComparison.Ordinal));
    }

    private static Dictionary<string, string> Sample() => JsonDocument.Parse(Repository.Read("local.settings.sample.json")).RootElement
        .GetProperty("Values").EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetString()!);

    /// <summary>The names that the code itself asks for, with the sample's senders.</summary>
    private static IReadOnlyCollection<string> SettingNames(Dictionary<string, string> sample)
    {
        var reader = new SettingsReader(new ConfigurationBuilder()
            .AddInMemoryCollection(sample.Select(pair => KeyValuePair.Create(pair.Key.Replace("__", ":", StringComparison.Ordinal), (string?)pair.Value))).Build());
        AppSettings.Read(reader);
        return reader.Names;
    }

    /// <summary>Settings of a block carry the block's name in the middle.</summary>
    private static string General(string name) => SenderName().Replace(name, "Upserts__Senders__{name}__");

    /// <summary>Every name in code marks; a row may give the first in full and the others from their last <c>__</c> on.</summary>
    private static HashSet<string> ReadmeNames(string readme)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in readme.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)))
        {
            var cell = line.Split('|')[1];
            var full = "";
            foreach (Match match in InCode().Matches(cell))
            {
                var name = match.Groups[1].Value;
                full = name.StartsWith("__", StringComparison.Ordinal) ? full : name;
                names.Add(name.StartsWith("__", StringComparison.Ordinal) ? Prefix(full) + name : name);
            }
        }

        return names;
    }

    private static string Prefix(string full) => full.Contains("__", StringComparison.Ordinal) ? full[..full.LastIndexOf("__", StringComparison.Ordinal)] : full;

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex InCode();

    [GeneratedRegex("^Upserts__Senders__[^_]+__")]
    private static partial Regex SenderName();
}
