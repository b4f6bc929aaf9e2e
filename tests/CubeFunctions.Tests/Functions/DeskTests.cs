using Cube.Simulator;
using CubeFunctions.Tests.Functions.Host;
using CubeFunctions.Tests.Local;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Functions;

/// <summary><c>cube ... --app</c> against the published worker, with keys for reading and for acting.</summary>
public sealed class DeskTests(AzuriteFixture azurite, PublishedApp app)
{
    private static readonly (string, string) Reads = ("CUBE_APP_KEY", "key-that-reads");
    private static readonly (string, string) Acts = ("CUBE_APP_KEY", "key-that-acts");

    [Theory]
    [OverGenerations]
    public async Task Production_is_operated_from_a_desk(TenantApi api)
    {
        await using var cube = await CubeSimulator.StartAsync(
            new SimulatorOptions { Campaigns = 1, CustomersPerAssignment = 30 }.EarlyIn(api),
            null,
            TestContext.Current.CancellationToken
        );
        var storage = await azurite.NewAccountAsync();
        await using var host = await FunctionsHost.StartAsync(app, FunctionsHost.SettingsOf(storage, cube.BaseUrl));
        await using var front = await FunctionsFront.StartAsync(
            host,
            (function, key) =>
                key == Acts.Item2
                || (
                    key == Reads.Item2
                    && (function.StartsWith("Get", StringComparison.Ordinal) || function.StartsWith("List", StringComparison.Ordinal))
                )
        );
        var option = $"--app {front.Address}";

        using (var backfill = CubeProcess.Start($"backfill --feed customers {option}", null, Acts))
        {
            await host.PumpQueuesAsync(() => Task.FromResult(backfill.HasExited));
            Assert.Equal(0, await backfill.ExitAsync());
            Assert.Contains("Succeeded; 2 items (2 succeeded, 0 failed, 0 unproven)", backfill.Output, StringComparison.Ordinal);
        }

        var settings = CommandTests.Of(cube, storage);
        foreach (var look in (string[])["status", "runs"])
        {
            var (code, expected, _) = await CubeProcess.RunAsync(look, null, settings);
            Assert.Equal((code, expected, ""), await CubeProcess.RunAsync($"{look} {option}", null, Reads));
        }

        // A key that reads cannot act, and learns nothing.
        Assert.Equal(
            (2, "", $"CUBE_APP_KEY: {front.Address} refuses this key (401 to POST /api/replay); is it a key of another function?\n"),
            await CubeProcess.RunAsync($"replay upserts {option}", null, Reads)
        );

        var place = cube.Data.PlaceOf(cube.Data.AssignmentIds[0]).Id;
        var customer = cube.Data.Customers(cube.Data.AssignmentIds[0]).First()["customer_id"];
        var (erased, report, errors) = await CubeProcess.RunAsync($"erase --assignment {place} --customer {customer} {option}", null, Acts);
        Assert.True(erased == 0, errors);
        Assert.StartsWith($"Erased from assignment {place}:", report, StringComparison.Ordinal);
        Assert.DoesNotContain($"{customer}", report + errors + host.Output + string.Concat(host.Logs), StringComparison.Ordinal);
    }
}
