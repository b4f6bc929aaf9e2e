using System.Text.Json.Nodes;
using Cube.Simulator;
using CubeFunctions.Core.Delivery;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Sync;
using CubeFunctions.Tests.Changes.Delivery;
using CubeFunctions.Tests.Local;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Changes;

/// <summary>
/// Two workers that are killed again and again while they read, compare, publish and deliver, beside a campaign that Cube fails to give.
/// </summary>
public sealed class ChangeCrashTests(AzuriteFixture azurite)
{
    private static readonly SimulatorOptions Options = new()
    {
        Campaigns = 4,
        CampaignsPerAssignment = 2,
        CustomersPerAssignment = 300,
        ResponsesPerCampaignPerDay = 10,
        PageSize = 50,
        AnonymisedPerThousand = 0,
        EndedCampaigns = 0,
        Latency = TimeSpan.FromMilliseconds(10),
    };

    private readonly Random _dice = new(TestScale.Seed);

    [Theory]
    [OverGenerations]
    public async Task Killed_at_random_moments_they_publish_and_deliver_what_the_tenant_has_and_no_tick_is_missed(TenantApi api)
    {
        TestContext.Current.TestOutputHelper!.WriteLine($"CUBE_SEED={TestScale.Seed}");
        await using var receiver = await TestReceiver.StartAsync();
        await using var cube = await CubeSimulator.StartAsync(Options with { Api = api }, null, TestContext.Current.CancellationToken);
        var account = await azurite.NewAccountAsync();
        var settings = CommandTests.Of(
            cube,
            account,
            receiver.Settings(("Sync__LeaseSeconds", "2"), ("Sync__StartDate", cube.Data.Today.AddDays(-3).ToString("yyyy-MM-dd")))
        );
        Assert.Equal(0, (await CubeProcess.SyncAsync("", settings)).Code);
        await using var app = await TestApp.StartAsync(
            account,
            cube,
            null,
            receiver.Settings(("Sync__StartDate", cube.Data.Today.AddDays(-3).ToString("yyyy-MM-dd")))
        );
        var broken = cube.Data.CampaignIds()[^1];
        CubeProcess[] workers = [CubeProcess.Start("work", null, settings), CubeProcess.Start("work", null, settings)];
        var (killed, kills, ticks) = (0, TestScale.Of(6, 500), 0);
        for (; killed < kills; ticks++)
        {
            Edit(cube, ticks);
            if (ticks % 3 == 1)
            {
                cube.Faults.Add(new Fault { Kind = FaultKind.InternalError500, PathContains = $"/campaigns/{broken}/" });
            }
            else if (ticks % 3 == 0)
            {
                cube.Faults.Clear();
            }

            string[] runs =
            [
                await TickAsync(app, RunRequest.Scheduled(Generation.EitherCalls)),
                await TickAsync(app, RunRequest.Snapshot([FeedCatalogue.Customers])),
            ];
            for (var left = _dice.Next(1, 5); left > 0 && killed < kills; left--)
            {
                // From before a worker is up to after the last delivery.
                await Task.Delay(
                    TimeSpan.FromMilliseconds(_dice.Next(50, 2500)),
                    TimeProvider.System,
                    TestContext.Current.CancellationToken
                );
                killed += await KillAsync(workers, _dice.Next(workers.Length), settings);
            }

            await WaitFor.TrueAsync(() => IsDoneAsync(app, runs, $"{broken}"), TimeSpan.FromMinutes(5), TimeSpan.FromMilliseconds(300));
        }

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{killed} kills, {ticks} ticks, {receiver.Taken.Count} changes taken, {receiver.Taken.Count - receiver.Distinct().Count} of them again"
        );
        cube.Faults.Clear();
        await FinishAsync(app, workers);
        AssertWhole(cube, ChangeLedger.Apply(await ChangeLedger.ReadAsync(app)));
        await AssertDeliveredAsync(app, receiver);
        await RawLedger.CheckAllAsync(app.Storage.Raw, leftovers: true);
    }

    /// <summary>Starts a run. One of its kind that a broken campaign keeps open is no reason to skip it.</summary>
    private static async Task<string> TickAsync(TestApp app, RunRequest request)
    {
        var start = await app.Get<RunPlanner>().StartAsync(request, TestContext.Current.CancellationToken);
        Assert.False(start.Skipped, $"{request.Kind} run {start.RunId} stands in the way");
        return start.RunId;
    }

    /// <summary>Whether every campaign and assignment that has nothing to do with the fault was read by these runs.</summary>
    private static async Task<bool> IsDoneAsync(TestApp app, string[] runs, string broken)
    {
        foreach (var run in runs)
        {
            var items = await app.Get<RunStore>()
                .ItemsAsync(run, TestContext.Current.CancellationToken)
                .Where(item => item.FeedOf.Shape == FeedShape.Paged && item.ScopeId != broken)
                .ToListAsync(TestContext.Current.CancellationToken);
            if (items.Count == 0 || items.Exists(item => item.IsOpen))
            {
                return false;
            }

            Assert.Equal(
                items[0].FeedOf.Scope == ScopeKind.Campaign ? Options.Campaigns - 1 : Options.Campaigns / Options.CampaignsPerAssignment,
                items.Count
            );
            AtLeastOne.All(items, item => Assert.Equal((ItemState.Succeeded, null), (item.State, item.Reason)));
        }

        return true;
    }

    private static async Task<int> KillAsync(CubeProcess[] workers, int which, (string, string)[] settings)
    {
        await workers[which].KillAsync();
        workers[which].Dispose();
        workers[which] = CubeProcess.Start("work", null, settings);
        return 1;
    }

    /// <summary>A last tick of each kind, once the broken campaign's items have ended; then the deliveries.</summary>
    private static async Task FinishAsync(TestApp app, CubeProcess[] workers)
    {
        await WaitFor.TrueAsync(
            async () => (await app.Get<RunReader>().RecentAsync(1, TestContext.Current.CancellationToken)).All(run => !run.IsOpen),
            TimeSpan.FromMinutes(5),
            TimeSpan.FromSeconds(1)
        );
        string[] last =
        [
            await TickAsync(app, RunRequest.Scheduled(Generation.EitherCalls)),
            await TickAsync(app, RunRequest.Snapshot([FeedCatalogue.Customers])),
        ];
        await WaitFor.TrueAsync(
            async () =>
                (await app.Get<RunReader>().RecentAsync(1, TestContext.Current.CancellationToken)).All(run => !run.IsOpen)
                && (await DeliveryPump.RowsAsync(app, DeliveryState.Waiting)).Count == 0,
            TimeSpan.FromMinutes(5),
            TimeSpan.FromSeconds(1)
        );
        foreach (var run in last)
        {
            Assert.Equal(
                RunStatus.Succeeded,
                (await app.Get<RunReader>().FindManifestAsync(run, TestContext.Current.CancellationToken))!.Status
            );
        }

        foreach (var worker in workers)
        {
            worker.Interrupt();
            Assert.Equal(0, await worker.ExitAsync());
            worker.Dispose();
        }
    }

    private static void AssertWhole(CubeSimulator cube, Dictionary<string, JsonObject> store)
    {
        void Same(string feed, IEnumerable<JsonObject> expected, Func<JsonObject, string> show)
        {
            var (there, published) = (
                expected.Select(show).Order(StringComparer.Ordinal).ToList(),
                store
                    .Where(entry => entry.Key.StartsWith(feed + "/", StringComparison.Ordinal))
                    .Select(entry => show(entry.Value))
                    .Order(StringComparer.Ordinal)
                    .ToList()
            );
            Assert.True(
                there.SequenceEqual(published),
                $"{feed}: not published {string.Join('\n', there.Except(published))}\nbut published {string.Join('\n', published.Except(there))}"
            );
        }

        Same("customers", cube.Data.AssignmentIds.SelectMany(cube.Data.Customers), record => record.ToJsonString());

        // The customer's own fields in a response are no news of the response, nor is a number that comes as text.
        Same(
            cube.Data.Api.Calls().Name,
            cube.Data.CampaignIds().SelectMany(id => cube.Data.Responses(id, cube.Data.Today.AddDays(-3), cube.Data.Today)),
            record =>
                string.Join(
                    '|',
                    record
                        .Where(member =>
                            member.Key is "crm__customer_id" || member.Key.StartsWith(cube.Data.Api.CallPrefix(), StringComparison.Ordinal)
                        )
                        .Select(member => $"{member.Value}")
                )
        );
    }

    private static async Task AssertDeliveredAsync(TestApp app, TestReceiver receiver)
    {
        Assert.Empty(await DeliveryPump.RowsAsync(app, DeliveryState.Dead));
        var all = await ChangeLedger.ReadAsync(app);
        var expected = (await ChangeLedger.NewsAsync(app)).Select(change => (string)change["id"]!).Order(StringComparer.Ordinal);
        Assert.Equal(expected, receiver.Distinct().Select(change => (string)change["id"]!).Order(StringComparer.Ordinal));
        Assert.Equal(
            "",
            string.Join(
                ' ',
                receiver
                    .Taken.GroupBy(change => (string)change["id"]!)
                    .Where(repeats => repeats.Select(Content).Distinct().Count() > 1)
                    .Select(repeats => repeats.Key)
            )
        );
        ChangeLedger.AssertInOrder(all, receiver.Distinct());
        Assert.Empty(receiver.Faults);
    }

    private void Edit(CubeSimulator cube, int tick)
    {
        var assignment = cube.Data.AssignmentIds[_dice.Next(cube.Data.AssignmentIds.Count)];
        var chosen = cube.Data.CustomerIds(assignment).OrderBy(_ => _dice.Next()).Take(12).ToList();
        chosen.ForEach(id => cube.Data.EditCustomer(assignment, id, "phone_3", $"By {tick}"));
        cube.Data.AddCustomer(assignment, new JsonObject { ["name"] = $"Ny {tick}" });
        foreach (var campaign in cube.Data.CampaignIds().Where(campaign => cube.Data.AssignmentOf(campaign) == assignment))
        {
            cube.Data.AddResponse(campaign, chosen[0], comment: $"Nr. {tick}", by: $"Agent {tick}");
        }
    }

    /// <summary>All but what another try may say otherwise: which run published it, and when.</summary>
    private static string Content(JsonObject change) =>
        string.Join('|', change.Where(member => member.Key is not ("runId" or "at")).Select(member => member.Value?.ToJsonString()));
}
