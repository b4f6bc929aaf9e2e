using System.Text.Json;
using Cube.Simulator;
using CubeFunctions.Local.Azurite;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Local;

/// <summary>What a user of the command sees: exit codes, one-line reasons, JSON and nothing else.</summary>
public sealed class CommandTests(AzuriteFixture azurite)
{
    private const string NoStorage =
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=QUJD;BlobEndpoint=http://127.0.0.1:9/a;QueueEndpoint=http://127.0.0.1:9/a;TableEndpoint=http://127.0.0.1:9/a;";

    [Fact]
    public async Task Bad_settings_are_listed_all_at_once_by_their_typed_names()
    {
        var (code, output, errors) = await CubeProcess.RunAsync(
            "sync --feed nothing --from 2026-02-02 --to 2026-02-01",
            null,
            ("CubeStorage", NoStorage),
            ("Cube__Token", "t"),
            ("Cube__Username", "u"),
            ("Cube__Password", "p"),
            ("Cube__TimeZone", "Mars/Olympus"),
            ("Sync__Feeds", "responses,nonsense"),
            ("Sync__Schedule", "every day"),
            ("Sync__WindowDays", "0"),
            ("Sync__SnapshotProof", "maybe"),
            ("Sync__StartDate", "soon")
        );
        Assert.Equal((2, ""), (code, output));
        string[] expected =
        [
            "--feed: 'nothing'",
            "--to: 2026-02-01 is before --from 2026-02-02",
            "Cube__BaseUrl: is missing",
            "Cube__Token",
            "Cube__Username",
            "Cube__TimeZone: 'Mars/Olympus'",
            "Sync__Feeds: 'nonsense'",
            "Sync__Schedule: 'every day'",
            "Sync__WindowDays: '0'",
            "Sync__SnapshotProof: 'maybe'",
            "Sync__StartDate: 'soon'",
        ];
        AtLeastOne.All(expected, part => Assert.Contains(part, errors, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://cube.example.com", "Cube__BaseUrl: 'http://cube.example.com' is plain HTTP")]
    [InlineData("cube.example.com", "Cube__BaseUrl: 'cube.example.com' is not an http(s) address")]
    [InlineData("https://cube.example.com/api", "Cube__BaseUrl")]
    public async Task An_address_that_would_leak_the_credential_is_refused(string address, string expected)
    {
        var (code, _, errors) = await CubeProcess.RunAsync(
            "sync",
            null,
            ("CubeStorage", NoStorage),
            ("Cube__BaseUrl", address),
            ("Cube__Token", "t")
        );
        Assert.Equal(2, code);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sync --unknown")]
    [InlineData("nonsense")]
    [InlineData("sync --from")]
    public async Task Wrong_usage_is_exit_code_2(string arguments) => Assert.Equal(2, (await CubeProcess.RunAsync(arguments, null)).Code);

    [Fact]
    public async Task An_unreachable_storage_is_one_line()
    {
        var (code, output, errors) = await CubeProcess.RunAsync(
            "sync --json",
            null,
            ("CubeStorage", NoStorage),
            ("Cube__BaseUrl", "http://127.0.0.1:9"),
            ("Cube__Token", "t")
        );
        Assert.Equal(1, code);
        Assert.Equal("Failed", JsonDocument.Parse(output).RootElement.GetProperty("status").GetString());
        Assert.StartsWith(
            "CubeStorage: storage cannot be reached",
            Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task An_unreachable_Cube_is_a_reason_in_the_report()
    {
        var port = AzuriteProcess.FreePorts(1)[0];
        var (code, output, errors) = await CubeProcess.RunAsync(
            "sync --json",
            null,
            ("CubeStorage", await azurite.NewAccountAsync()),
            ("Cube__BaseUrl", $"http://127.0.0.1:{port}"),
            ("Cube__Token", "t")
        );
        Assert.Equal(1, code);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.Equal("Failed", report.GetProperty("status").GetString());
        Assert.Contains("refused", report.GetProperty("failures")[0].GetProperty("reason").GetString(), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Theory]
    [OverGenerations]
    public async Task Json_is_the_only_thing_on_standard_output(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            new SimulatorOptions { Campaigns = 2, CustomersPerAssignment = 50 }.EarlyIn(api),
            null,
            TestContext.Current.CancellationToken
        );
        var account = await azurite.NewAccountAsync();
        cube.Faults.Add($"403,path=/campaigns/{cube.Data.CampaignIds()[0]}/sms");
        var (code, report, _) = await CubeProcess.SyncAsync("", Of(cube, account));
        Assert.Equal(1, code);
        Assert.Equal("PartiallySucceeded", report.GetProperty("status").GetString());
        Assert.Equal(
            ["runId", "status", "items", "pages", "records", "bytes", "durationMs", "failures"],
            report.EnumerateObject().Select(member => member.Name)
        );
        Assert.Equal(
            ["total", "succeeded", "failed", "unproven"],
            report.GetProperty("items").EnumerateObject().Select(member => member.Name)
        );
        var failure = Assert.Single(report.GetProperty("failures").EnumerateArray());
        Assert.Equal(["scope", "scopeId", "feed", "reason"], failure.EnumerateObject().Select(member => member.Name));

        var (statusCode, status, _) = await CubeProcess.RunAsync("status --json", null, ("CubeStorage", account));
        Assert.Equal(0, statusCode);
        Assert.Single(JsonDocument.Parse(status).RootElement.GetProperty("failures").EnumerateArray());
        Assert.Equal(0, (await CubeProcess.RunAsync("status", null, ("CubeStorage", account))).Code);
    }

    internal static (string Name, string Value)[] Of(CubeSimulator cube, string account, params (string Name, string Value)[] more) =>
        [("CubeStorage", account), ("Cube__BaseUrl", cube.BaseUrl.ToString()), ("Cube__Token", new SimulatorOptions().Token), .. more];
}
