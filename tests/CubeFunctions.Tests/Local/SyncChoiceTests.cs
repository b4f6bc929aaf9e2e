using System.Text.Json;
using Cube.Simulator;
using CubeFunctions.Core.Model;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Local;

/// <summary>What <c>sync</c> says where it would read nothing.</summary>
public sealed class SyncChoiceTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Small = new()
    {
        Campaigns = 2,
        CustomersPerAssignment = 5,
        ResponsesPerCampaignPerDay = 1,
    };

    [Theory]
    [OverGenerations("--campaign 999999", "--campaign: Cube lists no campaign '999999'; it lists ")]
    [OverGenerations("--assignment 999999", "--assignment: no campaign that Cube lists is of assignment '999999'; it lists ")]
    [OverGenerations("--feed {calls} --from 2999-01-01", "--from: 2999-01-01 is in the future; the tenant's today is ")]
    [OverGenerations("--feed {calls} --to 2999-01-01", "--to: 2999-01-01 is in the future; the tenant's today is ")]
    [OverGenerations("--feed {calls} --to 2001-01-01", "--to: 2001-01-01 is before the first day that would be read, ")]
    [OverGenerations("--feed customers --from 2026-01-01", "--from: customers have no days: they are read whole")]
    public async Task A_choice_that_would_read_nothing_is_refused(TenantApi api, string choice, string expected)
    {
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), null, TestContext.Current.CancellationToken);
        var (code, output, errors) = await CubeProcess.RunAsync(
            $"sync --json {choice.Replace("{calls}", api.Calls().Name, StringComparison.Ordinal)}",
            null,
            CommandTests.Of(cube, await azurite.NewAccountAsync())
        );
        Assert.Equal(2, code);
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith(expected, line, StringComparison.Ordinal);
        using var report = JsonDocument.Parse(output);
        Assert.Equal(
            ("Failed", line),
            (report.RootElement.GetProperty("status").GetString(), report.RootElement.GetProperty("error").GetString())
        );
    }

    [Theory]
    [OverGenerations]
    public async Task A_feed_named_twice_is_read_once(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), null, TestContext.Current.CancellationToken);
        var day = cube.Data.Today.AddDays(-1).Iso();
        var (code, report, _) = await CubeProcess.SyncAsync(
            $"--feed sms --feed sms --from {day} --to {day}",
            CommandTests.Of(cube, await azurite.NewAccountAsync())
        );
        Assert.Equal(0, code);
        Assert.Equal(3, report.GetProperty("items").GetProperty("total").GetInt32());
    }

    [Theory]
    [OverGenerations]
    public async Task An_empty_listing_is_said_and_no_success(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            (Small with { Campaigns = 0 }).EarlyIn(api),
            null,
            TestContext.Current.CancellationToken
        );
        var (code, report, _) = await CubeProcess.SyncAsync("", CommandTests.Of(cube, await azurite.NewAccountAsync()));
        Assert.Equal(1, code);
        Assert.StartsWith(
            "Cube lists no active campaign",
            Assert.Single(report.GetProperty("notices").EnumerateArray()).GetString(),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [OverGenerations]
    public async Task What_the_settings_name_and_nothing_is_read_of_is_said_by_every_run(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), null, TestContext.Current.CancellationToken);
        var settings = CommandTests.Of(
            cube,
            await azurite.NewAccountAsync(),
            ("Sync__Campaigns", "999"),
            ("Sync__StartDate", "2099-01-01")
        );
        for (var run = 0; run < 2; run++)
        {
            Assert.Equal(
                [
                    "Cube lists no campaign 999: nothing of it is read (Sync__Campaigns)",
                    "Sync__StartDate 2099-01-01 is in the future: new scopes of dated feeds are not read before it",
                ],
                (await CubeProcess.SyncAsync("", settings))
                    .Report.GetProperty("notices")
                    .EnumerateArray()
                    .Select(notice => notice.GetString())
            );
        }
    }

    [Theory]
    [OverGenerations("401", "Cube answered 401 to GET /campaigns: look at Cube__Token, or Cube__Username and Cube__Password")]
    [OverGenerations("403", "Cube answered 403 to GET /campaigns: the user of Cube__Token or Cube__Username lacks this permission in Cube")]
    public async Task A_refused_credential_names_the_setting(TenantApi api, string fault, string expected)
    {
        await using var cube = await CubeSimulator.StartAsync(Small.EarlyIn(api), null, TestContext.Current.CancellationToken);
        cube.Faults.Add($"{fault},path=/campaigns");
        var (code, report, _) = await CubeProcess.SyncAsync("", CommandTests.Of(cube, await azurite.NewAccountAsync()));
        Assert.Equal(1, code);
        Assert.Contains(expected, report.GetProperty("failures")[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
    }
}
