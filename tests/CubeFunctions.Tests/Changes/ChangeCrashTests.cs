using System.Text.Json.Nodes;
using Cube.Simulator;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Tests.Changes.Delivery;
using CubeFunctions.Tests.Local;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Changes;

/// <summary>Processes that are killed while they compare, tell and deliver.</summary>
public sealed class ChangeCrashTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Options = new()
    {
        Campaigns = 2,
        CampaignsPerAssignment = 2,
        CustomersPerAssignment = 600,
        ResponsesPerCampaignPerDay = 10,
        PageSize = 50,
        AnonymisedPerThousand = 0,
        Latency = TimeSpan.FromMilliseconds(10),
    };

    [Fact]
    public async Task Killed_at_random_moments_it_tells_and_delivers_the_same_changes_and_repeats_only_with_the_same_ids()
    {
        var dice = new Random(TestScale.Seed);
        TestContext.Current.TestOutputHelper!.WriteLine($"CUBE_SEED={TestScale.Seed}");
        await using var receiver = await TestReceiver.StartAsync();
        await using var cube = await CubeSimulator.StartAsync(Options, null, TestContext.Current.CancellationToken);
        var account = await azurite.NewAccountAsync();
        var settings = CommandTests.Of(cube, account, receiver.Settings(("Sync__LeaseSeconds", "2"), ("Sync__StartDate", cube.Data.Today.AddDays(-3).ToString("yyyy-MM-dd"))));
        Assert.Equal(0, (await CubeProcess.SyncAsync("", settings)).Code);
        await using var app = await TestApp.StartAsync(account, cube, null, receiver.Settings());
        var kills = TestScale.Of(4, 50);
        for (var round = 0; round < (kills + 1) / 2; round++)
        {
            var before = (await ChangeLedger.ReadAsync(app)).Count;
            var edited = Edit(cube, dice, round);
            for (var kill = 0; kill < 2; kill++)
            {
                // From before the first request to after the last delivery.
                using var victim = CubeProcess.Start("sync --json", null, settings);
                var (requests, taken) = (cube.Requests.Total + dice.Next(90), receiver.Taken.Count + (dice.Next(3) == 0 ? 1 : int.MaxValue / 2));
                var (started, patience) = (TimeProvider.System.GetTimestamp(), TimeSpan.FromMilliseconds(dice.Next(500, 5000)));
                while (!victim.HasExited && (cube.Requests.Total < requests || dice.Next(400) != 0) && receiver.Taken.Count < taken && TimeProvider.System.GetElapsedTime(started) < patience)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, TestContext.Current.CancellationToken);
                }

                await victim.KillAsync();
            }

            Assert.Equal(0, (await CubeProcess.SyncAsync("", settings)).Code);
            var told = (await ChangeLedger.ReadAsync(app)).Skip(before).ToList();
            Assert.Equal(edited, Keys(told, "customers", "updated"));
            Assert.Equal(5, Keys(told, "responses", "recorded").Count);
        }

        await WaitUntilDeliveredAsync(app, settings);
        var all = await ChangeLedger.ReadAsync(app);
        var expected = (await ChangeLedger.NewsAsync(app)).Select(change => (string)change["id"]!).Order(StringComparer.Ordinal);
        Assert.Equal(expected, receiver.Distinct().Select(change => (string)change["id"]!).Order(StringComparer.Ordinal));
        Assert.All(receiver.Taken.GroupBy(change => (string)change["id"]!), repeats => Assert.Single(repeats.Select(Content).Distinct()));
        AssertInOrder(all, receiver.Distinct());
        Assert.Empty(receiver.Faults);
    }

    private static List<string> Edit(CubeSimulator cube, Random dice, int round)
    {
        var assignment = cube.Data.AssignmentIds[0];
        var chosen = Enumerable.Range(0, 600).OrderBy(_ => dice.Next()).Take(30).Select(index => 10_000_000L + index).ToList();
        chosen.ForEach(id => cube.Data.EditCustomer(assignment, id, "city", $"By {round}"));
        for (var i = 0; i < 5; i++)
        {
            cube.Data.AddResponse(cube.Data.CampaignIds()[0], chosen[i], comment: $"Nr. {round}-{i}", by: $"Agent {round}-{i}");
        }

        return [.. chosen.Select(id => $"{id}").Order(StringComparer.Ordinal)];
    }

    private static List<string> Keys(List<JsonObject> told, string feed, string op) =>
        [.. told.Where(change => (string)change["feed"]! == feed && (string)change["op"]! == op).Select(change => (string)change["key"]!).Order(StringComparer.Ordinal)];

    /// <summary>All but what another try may say otherwise: which run told it, and when.</summary>
    private static string Content(JsonObject change) => string.Join('|', change.Where(member => member.Key is not ("runId" or "at")).Select(member => member.Value?.ToJsonString()));

    private static void AssertInOrder(List<JsonObject> told, List<JsonObject> taken)
    {
        var order = told.Select((change, place) => (Id: (string)change["id"]!, place)).ToDictionary(change => change.Id, change => change.place);
        Assert.All(taken.Where(change => (string)change["feed"]! == "customers").GroupBy(change => (string)change["key"]!), changes =>
            Assert.Equal(changes.Select(change => order[(string)change["id"]!]).Order(), changes.Select(change => order[(string)change["id"]!])));
    }

    private static async Task WaitUntilDeliveredAsync(TestApp app, (string, string)[] settings)
    {
        for (var tries = 0; (await DeliveryPump.RowsAsync(app, DeliveryState.Waiting)).Count > 0; tries++)
        {
            Assert.True(tries < 5, "deliveries still wait");
            Assert.Equal(0, (await CubeProcess.SyncAsync("", settings)).Code);
        }

        Assert.Empty(await DeliveryPump.RowsAsync(app, DeliveryState.Dead));
    }
}
