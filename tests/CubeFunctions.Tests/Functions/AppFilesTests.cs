using System.Text.Json;
using CubeFunctions.Core;
using CubeFunctions.Core.Settings;
using CubeFunctions.Core.Storage;
using CubeFunctions.Local.Commands;
using CubeFunctions.Tests.Support;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace CubeFunctions.Tests.Functions;

/// <summary>The files at the top level, which hosts and people read.</summary>
public sealed class AppFilesTests
{
    [Fact]
    public void The_settings_page_comes_from_the_declarations() =>
        Assert.Equal(Repository.Read("docs/settings.md"), SettingsText.Markdown());

    [Fact]
    public void The_sample_comes_from_the_declarations() =>
        Assert.Equal(Repository.Read("local.settings.sample.json"), SettingsText.Sample());

    [Fact]
    public void Every_setting_says_what_it_does()
    {
        var declared = AppSettings.Declared("crm");
        Assert.NotEmpty(declared);
        Assert.DoesNotContain(declared, setting => setting.Doc.Length < 10 || setting.Doc.EndsWith('.'));
    }

    [Fact]
    public void The_sample_is_valid_and_holds_no_address_outside_of_this_machine()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
            Sample().Select(pair => KeyValuePair.Create(pair.Key.Replace("__", ":", StringComparison.Ordinal), (string?)pair.Value))
        );
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
    public void The_architecture_names_every_table_queue_and_container()
    {
        var page = Repository.Read("docs/architecture.md");
        string[] names =
        [
            .. StorageNames.Containers,
            .. StorageNames.Tables,
            .. StorageNames.Queues.Where(name => !name.EndsWith(StorageNames.PoisonSuffix, StringComparison.Ordinal)),
        ];
        Assert.NotEmpty(names);
        Assert.DoesNotContain(names, name => !page.Contains($"`{name}`", StringComparison.Ordinal));
    }

    private static Dictionary<string, string> Sample() =>
        JsonDocument
            .Parse(Repository.Read("local.settings.sample.json"))
            .RootElement.GetProperty("Values")
            .EnumerateObject()
            .ToDictionary(member => member.Name, member => member.Value.GetString()!);
}
